"""The reference's classes under the names by which the generator of drawn cores knows them."""

from typing import Final

from rockseg_training.labels import UNLABELLED
from rockseg_training.reference import REFERENCE

__all__ = ["CLASSES", "INDEX", "UNLABELLED"]

CLASSES: Final = REFERENCE.classes
INDEX: Final = {rock.name: index for index, rock in enumerate(CLASSES)}
