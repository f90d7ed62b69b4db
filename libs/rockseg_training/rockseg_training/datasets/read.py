"""DATA, in whichever of the layouts it is."""

from pathlib import Path

from rockseg_training.datasets import shared
from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.folder import MASKS, PHOTOS, read_folder
from rockseg_training.datasets.labelme import outline_files, read_labelme
from rockseg_training.datasets.photo import Dataset
from rockseg_training.labels import LabelSpace


def read_dataset(data: Path, base: LabelSpace) -> Dataset:
    """A folder of photos and masks, of labelme's outlines, or one laid out as the reference's real photos are.

    Without a classes.json the classes are those of `base`. Raises DatasetError. What a label file holds is checked
    when it is read: `Dataset.count` reads them all.
    """
    if not data.is_dir():
        raise DatasetError(f"{data} is no folder.")
    if (data / PHOTOS).is_dir():
        return read_folder(data, base)
    if shared.is_shared(data):
        return shared.read_shared(data)
    if outline_files(data):
        return read_labelme(data, base)
    raise DatasetError(
        f"There are no photos with labels in {data}: neither {PHOTOS}/NAME.jpg with {MASKS}/NAME.png, nor NAME.jpg "
        "with NAME.json of labelme."
    )
