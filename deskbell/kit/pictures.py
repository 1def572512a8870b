"""Small pictures of big ones, made in a process of its own that cannot hurt the server.

Run as a program: `python pictures.py SOURCE TARGET` writes a WebP of at most 1024 x 1024 pixels without any
metadata and prints {"width", "height", "made"}. A picture with more pixels than PIXELS is measured, not decoded.
"""

import asyncio
import contextlib
import json
import resource
import sys
from pathlib import Path
from typing import NamedTuple

SIDE = 1024
PIXELS = 50_000_000
SECONDS = 15
MEMORY = 1024 * 1024 * 1024
AT_ONCE = 2
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")


class Picture(NamedTuple):
    """Size of the original in pixels as it is meant to be seen; `made`: a preview was written."""

    width: int
    height: int
    made: bool


class Pictures:
    """Makes previews, AT_ONCE at a time, each with SECONDS and MEMORY at most."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def preview(self, source: Path, target: Path) -> Picture | None:
        """None if the file is no picture after all, or takes too long to draw. Both paths are absolute."""
        async with self._places:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                __file__,
                str(source),
                str(target),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
            except TimeoutError:
                return None
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        return Picture(**json.loads(output)) if process.returncode == 0 else None


def draw(source: str, target: str) -> Picture:
    """In the child process. Raises whatever a broken picture makes Pillow raise."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # the check below comes before any decoding
    with Image.open(source, formats=_FORMATS) as image:
        width, height = image.size
        if width * height > PIXELS:
            return Picture(width, height, made=False)
        turned = image.getexif().get(0x0112, 1) >= 5
        image.draft("RGB", (SIDE, SIDE))
        image.thumbnail((SIDE, SIDE))
        upright = ImageOps.exif_transpose(image)
        plain = upright.convert(
            "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
        )
        clean = Image.new(plain.mode, plain.size)
        clean.paste(plain)
        clean.save(target, "WEBP", quality=80, method=4)
    return Picture(height, width, made=True) if turned else Picture(width, height, made=True)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    print(json.dumps(draw(sys.argv[1], sys.argv[2])._asdict()))


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # Pillow warns of large pictures; the limit above decides
    main()
