"""What a customer sends who was not told what: small real files, and texts."""

from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "samples"
TEXT = "Hello! Is my lantern on its way?"
UNSUPPORTED = "Message type is currently not supported."
TOO_BIG = "Media file size too big. Max file size we currently support: 100MB."
ORDER: dict[str, Any] = {
    "catalog_id": "354160437058781",
    "product_items": [
        {"product_retailer_id": "LANTERN-BRASS", "quantity": 2, "item_price": 35, "currency": "EUR"},
        {"product_retailer_id": "WICK", "quantity": 5, "item_price": 1.5, "currency": "EUR"},
    ],
}


class Sample(NamedTuple):
    filename: str
    mime: str

    @property
    def content(self) -> bytes:
        return (FOLDER / self.filename).read_bytes()


FILES = {
    "image": Sample("lantern.jpg", "image/jpeg"),
    "video": Sample("lantern.mp4", "video/mp4"),
    "audio": Sample("chime.ogg", "audio/ogg; codecs=opus"),
    "voice": Sample("chime.ogg", "audio/ogg; codecs=opus"),
    "document": Sample("receipt.pdf", "application/pdf"),
    "sticker": Sample("lantern.webp", "image/webp"),
}
