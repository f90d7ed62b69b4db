"""The arrays that cross the seams, by name."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB, upright as displayed."""

Mask: TypeAlias = NDArray[np.uint8]
"""(H, W) uint8: class index per pixel, the photo's displayed size; 0 = background."""

Confidence: TypeAlias = NDArray[np.uint8]
"""(h, w) uint8: probability of the class chosen × 255, at the network's scale, at most 0.5 MP."""

Logits: TypeAlias = NDArray[np.float32]
"""(C, h, w) float32, before temperature and softmax."""
