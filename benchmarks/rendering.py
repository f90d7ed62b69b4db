"""The overlay, by itself, on one thread."""

import statistics
import time

import numpy as np

from benchmarks.figures import Figure
from benchmarks.photos import core_jpeg
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.overlay import LegendEntry, render_overlay

WIDTH, HEIGHT, ROUNDS = 708, 4348, 9


def measure() -> dict[str, Figure]:
    photo = decode_photo(core_jpeg(WIDTH, HEIGHT), max_pixels=WIDTH * HEIGHT)
    bands = np.arange(HEIGHT, dtype=np.uint8) // 32 % 6
    mask = np.repeat(bands[:, None], WIDTH, axis=1)
    legend = [LegendEntry(index, f"rock {index}", (40 * index, 90, 200)) for index in range(1, 6)]
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        render_overlay(photo, mask, legend, 0.5, legend=True)
        seconds.append(time.perf_counter() - began)
    per_megapixel = statistics.median(seconds) * 1e3 / (WIDTH * HEIGHT / 1e6)
    return {"overlay_ms_per_mp": Figure(per_megapixel, "ms/MP", 45, "lower")}
