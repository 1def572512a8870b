"""Chance that can be repeated: what comes out depends on the seed and on what is asked, never on when."""

import base64
import hashlib

SCALE = float(1 << 64)


class Dice:
    """Two runs with one seed get the same ids and the same faults, whatever ran beside them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._prefix = f"{seed}:".encode()

    def _bytes(self, *about: object) -> bytes:
        words = self._prefix + "\x1f".join(map(str, about)).encode()
        return hashlib.blake2b(words, digest_size=16).digest()

    def fraction(self, *about: object) -> float:
        """0 <= it < 1."""
        return int.from_bytes(self._bytes(*about)[:8]) / SCALE

    def happens(self, chance: float, *about: object) -> bool:
        """True with this chance (0 never, 1 always)."""
        return chance > 0 and self.fraction(*about) < chance

    def between(self, span: tuple[float, float], *about: object) -> float:
        low, high = span
        return low if high <= low else low + (high - low) * self.fraction(*about)

    def digits(self, count: int, *about: object) -> str:
        """As many digits, the first of them not 0."""
        number = int.from_bytes(self._bytes(*about) + self._bytes("more", *about))
        return str(10 ** (count - 1) + number % (9 * 10 ** (count - 1)))

    def hex(self, *about: object) -> str:
        return self._bytes(*about).hex()

    def wamid(self, phone: str, *about: object) -> str:
        """A message id in the form WhatsApp gives them: base64 of the other's number and a random part."""
        other, own = phone.encode(), self.hex("wamid", *about)[:18].upper().encode()
        packed = bytes([0x1C, 0x18, len(other)]) + other + b"\x15\x02\x00\x11\x18\x12" + own + b"\x00"
        return "wamid." + base64.b64encode(packed).decode()
