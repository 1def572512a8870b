"""Two small drawings that customers of the demo send."""

import io
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw


class Drawn(NamedTuple):
    png: bytes
    webp: bytes
    width: int
    height: int


def draw(name: str) -> Drawn:
    """The picture that talks.txt calls `name`."""
    from PIL import Image
    from PIL.ImageDraw import Draw

    image = Image.new("RGB", (640, 440), "#e9e2d6")
    pen = Draw(image)
    pen.rectangle((0, 300, 640, 440), fill="#b99b78")
    {"broken-mug.png": _mug, "fitting.png": _shades}[name](pen)
    png, webp = io.BytesIO(), io.BytesIO()
    image.save(png, "PNG", optimize=False, compress_level=1)
    image.save(webp, "WEBP", quality=80, method=0)
    return Drawn(png.getvalue(), webp.getvalue(), *image.size)


def _mug(pen: "ImageDraw") -> None:
    """A green mug with a crack and a piece that lies beside it."""
    pen.ellipse((370, 190, 470, 310), outline="#2f5d50", width=22)
    pen.rounded_rectangle((220, 140, 410, 350), 24, fill="#2f5d50")
    pen.ellipse((220, 120, 410, 170), fill="#24483e")
    pen.polygon(((250, 130), (300, 215), (330, 128)), fill="#e9e2d6")
    pen.line(((300, 215), (285, 260), (312, 300)), fill="#163029", width=4)
    pen.polygon(((120, 345), (175, 330), (160, 375)), fill="#2f5d50")


def _shades(pen: "ImageDraw") -> None:
    """Two lamps; the left one's shade is cracked."""
    for left in (120, 380):
        pen.rectangle((left + 60, 210, left + 72, 350), fill="#8a6d3b")
        pen.rectangle((left + 20, 345, left + 112, 360), fill="#8a6d3b")
        pen.polygon(((left + 30, 90), (left + 102, 90), (left + 140, 220), (left - 8, 220)), fill="#f3c76b")
    pen.line(((170, 92), (182, 140), (160, 170), (176, 219)), fill="#6b4d16", width=4)
