"""The sentences with which a photo is refused: each says what is wrong and what to do."""

from rockseg_core.domain.errors import PhotoRefusedError

MAX_SIDE = 1 << 20  # OpenCV reads no image with a longer side (CV_IO_MAX_IMAGE_WIDTH, CV_IO_MAX_IMAGE_HEIGHT)


def unreadable(what: str) -> PhotoRefusedError:
    return PhotoRefusedError("image_unreadable", f"This is {what}; send the photo as JPEG, PNG, TIFF or WebP.")


def unsupported(kind: str, what: str) -> PhotoRefusedError:
    return PhotoRefusedError(
        "image_unreadable", f"This {kind} is {what}, which is not read here; save it with 8 bits a channel, as RGB."
    )


def planar() -> PhotoRefusedError:
    return PhotoRefusedError(
        "image_unreadable",
        "This TIFF holds its channels one after the other (planar), which is read here for RGB and CMYK of 8 bits "
        "only; save it with interleaved channels.",
    )


def truncated(kind: str) -> PhotoRefusedError:
    return PhotoRefusedError(
        "image_truncated", f"The {kind} is cut off: the file ends before its image does. Send the whole file again."
    )


def corrupt(kind: str) -> PhotoRefusedError:
    return PhotoRefusedError(
        "image_corrupt", f"The {kind} is damaged and cannot be decoded. Open it, save it anew, and send that."
    )


def multiframe(kind: str, what: str) -> PhotoRefusedError:
    return PhotoRefusedError(
        "image_multiframe",
        f"The {kind} holds several {what}. Save the one you want as a file of its own and send that.",
    )


def check_size(kind: str, width: int, height: int, max_pixels: int) -> None:
    """Raises PhotoRefusedError; called as soon as a header is read, before anything is made of that size."""
    if width < 1 or height < 1:
        raise corrupt(kind)
    if width * height > max_pixels:
        raise PhotoRefusedError(
            "image_too_large",
            f"The photo has {width} × {height} pixels; at most {max_pixels / 1e6:g} megapixels are read. "
            "Send it smaller, or in parts.",
        )
    if max(width, height) > MAX_SIDE:
        raise PhotoRefusedError(
            "image_too_large",
            f"The photo has {width} × {height} pixels; a side has at most {MAX_SIDE}. Send it smaller, or in parts.",
        )
