"""The few things besides the conversation that a rule needs to know. Values only; the shell looks them up."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class FileFact(NamedTuple):
    """An uploaded file. `view` is what messages carry of it; `conversation_id` is set once a message has it."""

    id: str
    owner: str
    owner_id: int
    conversation_id: int | None
    view: dict[str, Any]


class Facts(NamedTuple):
    staff_names: Mapping[int, str]
    departments: Mapping[int, str]
    labels: Mapping[int, str]
    files: Mapping[str, FileFact]
    dealt: frozenset[tuple[int, int]] = frozenset()
    """(conversation, staff id) of those who cannot see it now but have looked or written there before."""
    open_chats: Mapping[int, int] = MappingProxyType({})
    """Customer -> their open chat, for those who write on a closed one."""
