"""A user agent in words: `Chrome 126 on Android 14, Pixel 8`."""

from functools import lru_cache


@lru_cache(maxsize=2_000)
def in_words(user_agent: str) -> str:
    """ "" when nothing is known of it. Whatever a browser says of itself may be a lie."""
    if not user_agent:
        return ""
    from ua_parser import parse  # 0.2 s, and only who looks at visitors needs it

    found = parse(user_agent)
    browser, system, device = found.user_agent, found.os, found.device
    name = f"{browser.family} {browser.major or ''}".strip() if browser else ""
    where = f"{system.family} {system.major or ''}".strip() if system else ""
    thing = device.family if device and device.family not in ("Other", "Mac", "K") else ""
    words = " on ".join(part for part in (name, where) if part)
    return ", ".join(part for part in (words, thing) if part)
