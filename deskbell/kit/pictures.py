"""Small pictures of big ones, made in a process of its own that cannot hurt the server.

Run as a program: `python pictures.py SOURCE TARGET` writes a WebP of at most 1024 x 1024 pixels without any
metadata and prints {"width", "height", "made"}. A picture with more pixels than PIXELS is measured, not decoded.
`python pictures.py SOURCE TARGET BYTES` writes a JPEG, or a PNG where something is transparent, of at most so many bytes
and prints its type.
"""

import asyncio
import contextlib
import json
import resource
import sys
import tempfile
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
            output = await _run(str(source), str(target))
        return None if output is None else Picture(**json.loads(output))


_converting = asyncio.Semaphore(AT_ONCE)


async def convert(content: bytes, most: int) -> tuple[bytes, str] | None:
    """The same picture as JPEG or PNG of at most `most` bytes, with its type; made smaller until it fits. None if it is
    no picture, or has more than PIXELS."""
    async with _converting:
        folder = await asyncio.to_thread(tempfile.TemporaryDirectory)
        try:
            source, target = Path(folder.name) / "source", Path(folder.name) / "target"
            await asyncio.to_thread(source.write_bytes, content)
            output = await _run(str(source), str(target), str(most))
            return (
                None if output is None else (await asyncio.to_thread(target.read_bytes), json.loads(output))
            )
        finally:
            await asyncio.to_thread(folder.cleanup)


async def _run(*arguments: str) -> bytes | None:
    """What the child prints; None if it fails or takes too long."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        __file__,
        *arguments,
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
    return output if process.returncode == 0 else None


def change(source: str, target: str, most: int) -> str:
    """In the child process: its new type. Raises whatever a broken picture makes Pillow raise."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None
    with Image.open(source, formats=_FORMATS) as image:
        if image.width * image.height > PIXELS:
            raise ValueError("too many pixels")
        upright = ImageOps.exif_transpose(image)
        clear = "A" in upright.getbands() or "transparency" in upright.info
        plain = upright.convert("RGBA" if clear else "RGB")
    for side in (4096, 2048, 1024, 512):
        plain.thumbnail((side, side))
        plain.save(target, "PNG" if clear else "JPEG", **({} if clear else {"quality": 88}))
        if Path(target).stat().st_size <= most:
            return "image/png" if clear else "image/jpeg"
    raise ValueError("too large")


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
    source, target, *most = sys.argv[1:]
    print(json.dumps(change(source, target, int(most[0])) if most else draw(source, target)._asdict()))


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # Pillow warns of large pictures; the limit above decides
    main()
