"""What customers may see of each event, and what staff read (LIFE-19)."""

from typing import Any

import pytest

from deskbell.domain import events
from deskbell.domain.conversation import PREVIEW_LENGTH, preview_of
from tests.rules import rule

FULL: dict[str, dict[str, Any]] = {
    "started": {"department": "Support"},
    "queued": {},
    "assigned": {"agent": "Ada", "why": "fewest live chats (0)", "chats": 1},
    "closed": {"by": "agent", "agent": "Ada", "reason": "by hand"},
    "revived": {},
    "ticket": {"why": "no agent is available"},
    "accepted": {"agent": "Ada"},
    "department": {"who": "Ada", "from": "Support", "to": "Sales"},
    "labels": {"who": "Ada", "added": ["urgent"], "removed": ["refund"]},
}
SEEN_BY_CUSTOMERS: dict[str, dict[str, Any]] = {
    "started": {},
    "queued": {},
    "assigned": {"agent": "Ada"},
    "closed": {"by": "agent"},
    "revived": {},
    "ticket": {},
    "accepted": {"agent": "Ada"},
}


@pytest.mark.parametrize("name", sorted(FULL))
def test_customers_see_only_the_named_values_of_public_events(name: str) -> None:
    assert events.is_public(name) == (name in SEEN_BY_CUSTOMERS)
    if events.is_public(name):
        shown = events.public_values({"name": name, **FULL[name], "secret": "for staff"})
        assert shown == {"name": name, **SEEN_BY_CUSTOMERS[name]}


@rule("LIFE-9", "LIFE-19")
@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": "closed", "by": "customer", "reason": "ended the chat"}, "Closed by the customer: ended the chat"),
        ({"name": "closed", "by": "agent", "agent": "Ada", "reason": ""}, "Closed by Ada"),
        ({"name": "closed", "by": "system", "reason": "silence"}, "Closed by the system: silence"),
        ({"name": "assigned", "agent": "Ada", "why": "free"}, "Given to Ada: free"),
        ({"name": "department", "who": "Ada", "to": ""}, "Ada changed the department to none"),
        ({"name": "labels", "who": "Ada", "added": ["a", "b"], "removed": []}, "Ada added a, b"),
        ({"name": "started", "department": ""}, "Chat started"),
    ],
)  # fmt: skip
def test_staff_read_an_event_as_a_plain_sentence(data: dict[str, Any], words: str) -> None:
    assert events.sentence(data) == words


@pytest.mark.parametrize("name", sorted(FULL))
def test_every_event_has_its_sentence(name: str) -> None:
    assert events.sentence({"name": name, **FULL[name]})[0].isupper()


@pytest.mark.parametrize(
    ("text", "files", "shown"),
    [
        ("  two\n\n lines ", 0, "two lines"),
        ("", 1, "1 file"),
        (" \n ", 3, "3 files"),
        ("words", 2, "words"),
        ("x" * PREVIEW_LENGTH, 0, "x" * PREVIEW_LENGTH),
        ("x" * (PREVIEW_LENGTH + 1), 0, "x" * (PREVIEW_LENGTH - 1) + "…"),
    ],
)
def test_the_preview_is_one_short_line(text: str, files: int, shown: str) -> None:
    assert preview_of(text, files) == shown
