"""Small pictures of photos for the evidence list of a case file."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

#: A photo with more pixels is listed, but not opened.
MAX_PIXELS = 80_000_000
TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})


def thumbnail(content: bytes, side: int = 420) -> bytes | None:
    """A JPEG whose longer side has at most ``side`` pixels, upright; None when it cannot be opened."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return None
            picture.draft("RGB", (side * 2, side * 2))  # a JPEG is read at a fraction of its size
            small = ImageOps.exif_transpose(picture).convert("RGB")
            small.thumbnail((side, side))
            out = io.BytesIO()
            small.save(out, "JPEG", quality=78)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return out.getvalue()


def readable(content: bytes) -> bool:
    """Whether a small picture, such as a drawn signature, can be set on a page."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return False
            picture.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return True
