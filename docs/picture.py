"""Draw the README's picture, `docs/overlay.jpg`: the demo's core beside what the bundle that comes along sees in it."""

import io
from pathlib import Path
from typing import Final

from PIL import Image

from rockseg_core.domain.job import JobOptions
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.overlay import LegendEntry, render_overlay
from rockseg_core.imaging.report import build_report
from rockseg_inference.bootstrap import load_segmenter
from rockseg_model.photo import segment
from rockseg_standalone.home import default_bundle, demo_photo

PICTURE: Final = Path(__file__).parent / "overlay.jpg"
MASK_WEIGHT: Final = 0.5
HEIGHT, GAP, WHITE = 900, 24, (255, 255, 255)


def draw() -> None:
    """Core and overlay side by side, depth downwards as in a log."""
    body = demo_photo().read_bytes()
    photo = decode_photo(body, max_pixels=64_000_000)
    segmenter = load_segmenter(str(default_bundle()))
    found = segment(photo, JobOptions(mask_weight=MASK_WEIGHT), segmenter)
    report = build_report(found, segmenter.manifest, segmenter.ref, {})
    legend = [LegendEntry(rock.index, rock.name, rock.rgb) for rock in report.classes]
    overlay = Image.open(io.BytesIO(render_overlay(photo, found.mask, legend, MASK_WEIGHT, legend=True)))
    core = Image.fromarray(photo)
    picture = Image.new("RGB", (core.width + GAP + overlay.width, core.height), WHITE)
    picture.paste(core, (0, 0))
    picture.paste(overlay, (core.width + GAP, 0))
    picture = picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT), Image.Resampling.LANCZOS)
    picture.save(PICTURE, quality=88)


if __name__ == "__main__":
    draw()
