"""A network of the real architecture, small batches, and one thread: OpenCV's threads slow other tests down."""

import cv2
import pytest
import torch
from torch import nn

from rockseg_model.network import build_network
from rockseg_training.reference import REFERENCE


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    cv2.setNumThreads(1)


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(3)
    return build_network(len(REFERENCE.classes))
