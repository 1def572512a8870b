"""What the rules must know of a channel. Everything else about it is in its own folder (CHANNEL-1)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

WhyNot = Callable[[str, Sequence[Mapping[str, Any]]], str | None]
"""(text, files as messages carry them) -> why this can never be sent, naming the limit; pure."""


class ChannelRules(NamedTuple):
    """`label`: its name for people. `outbox`: what staff write is handed over to somebody else's service.

    `window`: how long after a customer's message one may write freely (LIFE-11); None: always. `templates`: what may be
    sent besides. `keywords`: the preferences with the words to end and to opt out (LIFE-12). `why_not`: its own limits.
    """

    label: str
    outbox: bool = False
    window: timedelta | None = None
    templates: bool = False
    keywords: tuple[str, str] | None = None
    why_not: WhyNot | None = None


class Template(NamedTuple):
    """A message that the service has approved, or not yet. `components` in the service's own shape."""

    external_id: str
    name: str
    language: str
    category: str
    status: str
    quality: str
    parameter_format: str
    components: list[dict[str, Any]]
    reason: str


WEB = ChannelRules("Web", keywords=("web_end", "web_stop"))
EMAIL = ChannelRules("E-mail")

BUILT_IN: Mapping[str, ChannelRules] = MappingProxyType({"web": WEB, "email": EMAIL})
"""Those that every desk has; the wiring adds the registered ones."""
UNKNOWN = ChannelRules("an unknown channel", outbox=True)
"""Of conversations whose channel is registered no more: nothing goes out, nothing is lost."""


def rules_of(channels: Mapping[str, ChannelRules], name: str) -> ChannelRules:
    return channels.get(name, UNKNOWN)
