"""Draw `docs/classes.jpg`: a drawn core of each class, four of its families each, as docs/model.md shows it."""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rockseg_training.reference import REFERENCE
from rockseg_training.synthetic.families.registry import families_of
from rockseg_training.synthetic.paint import paint_family

PICTURE: Final = Path(__file__).parent / "classes.jpg"
ACROSS, BED, GAP, HEAD = 150, 170, 22, 64
FAMILIES: Final = 4
CORE_MM: Final = 63.5  # HQ
SEED: Final = 11
INK, WHITE = (30, 30, 30), (255, 255, 255)


def draw() -> Image.Image:
    """Under each class's code, name and colour its beds, a family each."""
    rocks = [(index, rock) for index, rock in enumerate(REFERENCE.classes) if index]
    picture = Image.new("RGB", (GAP + len(rocks) * (ACROSS + GAP), HEAD + FAMILIES * (BED + 4) + GAP), WHITE)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    for place, (index, rock) in enumerate(rocks):
        left = GAP + place * (ACROSS + GAP)
        pen.rectangle((left, 10, left + 18, 22), fill=rock.rgb, outline=INK)
        pen.text((left + 24, 8), rock.code, INK, font)
        name = rock.name.replace("interlayered ", "interlayered\n").replace(" and ", ", ")
        pen.multiline_text((left, 26), name, INK, font, spacing=2)
        for row, family in enumerate(families_of(index, "all")[:FAMILIES]):
            rng = np.random.default_rng((SEED, index, row))
            face = paint_family(rng, family, BED, ACROSS, core_width_px=ACROSS, core_mm=CORE_MM)
            bed = Image.fromarray(np.clip(face, 0, 255).astype(np.uint8))
            picture.paste(bed, (left, HEAD + row * (BED + 4)))
    return picture


if __name__ == "__main__":
    draw().save(PICTURE, quality=85)
