import cv2
import numpy as np

from rockseg_core.domain.arrays import Pixels


def upright(stored: Pixels, orientation: int) -> Pixels:
    """(H, W, 3) as displayed, by EXIF's orientation (CIPA DC-008, tag 274); `stored` itself where that is 1."""
    match orientation:
        case 2:
            turned = cv2.flip(stored, 1)
        case 3:
            turned = cv2.rotate(stored, cv2.ROTATE_180)
        case 4:
            turned = cv2.flip(stored, 0)
        case 5:
            turned = cv2.transpose(stored)
        case 6:
            turned = cv2.rotate(stored, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            turned = cv2.transpose(stored[::-1, ::-1])
        case 8:
            turned = cv2.rotate(stored, cv2.ROTATE_90_COUNTERCLOCKWISE)
        case _:
            return stored
    return np.asarray(turned, np.uint8)
