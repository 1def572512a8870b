"""How much may be sent."""


class Bucket:
    """`size` at once, filling up by `per_s`."""

    __slots__ = ("_at", "_level", "per_s", "size")

    def __init__(self, size: float, per_s: float) -> None:
        self.size, self.per_s = size, per_s
        self._level = size
        self._at = 0.0

    def take(self, now: float) -> bool:
        """False when it is empty; nothing is taken then."""
        if now > self._at:
            self._level = min(self.size, self._level + (now - self._at) * self.per_s)
        self._at = now
        if self._level < 1 - 1e-9:
            return False
        self._level -= 1
        return True
