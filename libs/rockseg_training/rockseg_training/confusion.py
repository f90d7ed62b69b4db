"""The confusion matrix, as JSON and as a picture."""

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from rockseg_training.evaluate import Tally

CELL_PX: Final = 56
FONT_PX: Final = 14
EDGE_PX: Final = 16
PAPER, INK = (255, 255, 255), (30, 30, 30)
FULL: Final = np.array((33, 82, 156))


def confusion_json(tally: Tally) -> bytes:
    """Rows are what is there, columns what was said, in pixels; both in the order of `classes`."""
    content: dict[str, Any] = {
        "classes": list(tally.space.names),
        "pixels": tally.confusion.tolist(),
        "iou": [None if np.isnan(share) else round(float(share), 4) for share in tally.class_iou()],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def draw_confusion(tally: Tally, title: str) -> Image.Image:
    """The share of each row's pixels, in per cent; classes neither there nor said are left out."""
    shown = np.flatnonzero((tally.confusion.sum(0) + tally.confusion.sum(1)) > 0)
    counts = tally.confusion[np.ix_(shown, shown)]
    shares: NDArray[np.float64] = counts / np.maximum(1, counts.sum(1, keepdims=True))
    names = [tally.space.classes[index] for index in shown]
    font = ImageFont.load_default(size=FONT_PX)
    left = EDGE_PX * 2 + max(round(font.getlength(f"{rock.name} ({rock.code})")) for rock in names)
    top = EDGE_PX * 3 + 3 * FONT_PX
    width = max(left + CELL_PX * len(names), round(font.getlength(title)) + EDGE_PX) + EDGE_PX
    picture = Image.new("RGB", (width, top + CELL_PX * len(names) + EDGE_PX), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((EDGE_PX, EDGE_PX), title, INK, font)
    draw.text((EDGE_PX, EDGE_PX + 2 * FONT_PX), "row: what is there; column: what was said, %", INK, font)
    for row, rock in enumerate(names):
        y = top + CELL_PX * row
        draw.text((EDGE_PX, y + CELL_PX // 2), f"{rock.name} ({rock.code})", INK, font, anchor="lm")
        draw.text((left + CELL_PX * row + CELL_PX // 2, top - FONT_PX), rock.code, INK, font, anchor="mm")
        for column, share in enumerate(shares[row]):
            _cell(draw, (left + CELL_PX * column, y), float(share))
    return picture


def _cell(draw: ImageDraw.ImageDraw, at: tuple[int, int], share: float) -> None:
    red, green, blue = np.round(255 + share * (FULL - 255)).astype(int).tolist()
    draw.rectangle((*at, at[0] + CELL_PX - 2, at[1] + CELL_PX - 2), fill=(red, green, blue))
    ink = PAPER if share > 0.5 else INK
    text = f"{100 * share:.0f}" if share >= 0.005 else "·"
    draw.text(
        (at[0] + CELL_PX // 2, at[1] + CELL_PX // 2), text, ink, ImageFont.load_default(size=FONT_PX), anchor="mm"
    )


def write_confusion(folder: Path, tally: Tally, title: str) -> None:
    """confusion.json and confusion.png in `folder`."""
    (folder / "confusion.json").write_bytes(confusion_json(tally))
    draw_confusion(tally, title).save(folder / "confusion.png")
