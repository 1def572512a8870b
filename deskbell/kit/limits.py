"""Token buckets: how often somebody may do something, in a bounded map that no flood can fill."""

from collections import OrderedDict
from collections.abc import Hashable


class Buckets:
    """One bucket per key: `burst` at once, refilled by `rate` a second; at most `size` keys are remembered.

    The key that was quiet longest is forgotten first, and forgetting only ever makes a bucket full again.
    """

    def __init__(self, rate: float, burst: float, size: int = 10_000) -> None:
        if rate <= 0 or burst < 1 or size < 1:
            raise ValueError("a bucket needs rate > 0, burst >= 1 and size >= 1")
        self._rate, self._burst, self._size = rate, float(burst), size
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, now: float, cost: float = 1.0) -> float:
        """Take `cost` at `now` (seconds of any steady clock): 0.0 if it was there, else seconds to wait."""
        level = self._level(key, now)
        if level >= cost:
            self._keep(key, level - cost, now)
            return 0.0
        self._keep(key, level, now)
        return (cost - level) / self._rate

    def wait(self, key: Hashable, now: float, cost: float = 1.0) -> float:
        """The seconds until `cost` would be there, taking nothing."""
        return max(0.0, (cost - self._level(key, now)) / self._rate)

    def give(self, key: Hashable, amount: float = 1.0) -> None:
        """Put back what was taken for something that turned out well."""
        if key in self._levels:
            level, since = self._levels[key]
            self._levels[key] = (min(self._burst, level + amount), since)

    def forget(self, key: Hashable) -> None:
        """Fill the bucket."""
        self._levels.pop(key, None)

    def __len__(self) -> int:
        return len(self._levels)

    def _level(self, key: Hashable, now: float) -> float:
        level, since = self._levels.get(key, (self._burst, now))
        return min(self._burst, level + max(0.0, now - since) * self._rate)

    def _keep(self, key: Hashable, level: float, now: float) -> None:
        self._levels[key] = (level, now)
        self._levels.move_to_end(key)
        if len(self._levels) > self._size:
            self._levels.popitem(last=False)
