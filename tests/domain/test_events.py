"""What customers may see of each event, and what staff read (LIFE-19)."""

import re
from pathlib import Path
from typing import Any

import pytest

from deskbell.domain import events
from deskbell.domain.conversation import PREVIEW_LENGTH, preview_of
from deskbell.domain.reach import AMENDED
from tests.rules import rule

FULL: dict[str, dict[str, Any]] = {
    "started": {"department": "Support"},
    "queued": {},
    "assigned": {"agent": "Ada", "why": "fewest live chats (0)", "chats": 1},
    "closed": {"by": "agent", "agent": "Ada", "reason": "by hand"},
    "revived": {"left": "Ada"},
    "ticket": {"why": "no agent is available"},
    "accepted": {"agent": "Ada"},
    "department": {"who": "Ada", "from": "Support", "to": "Sales"},
    "labels": {"who": "Ada", "added": ["urgent"], "removed": ["refund"]},
    "flagged": {"who": "Ada"},
    "unflagged": {"who": "Ada"},
    "pending": {"who": "Ada"},
    "unpended": {"who": "Ada"},
    "answered": {},
    "passed": {"agent": "Bruno", "from": "Ada", "minutes": 20},
    "stuck": {"agent": "Ada", "minutes": 20},
    "offered": {"agent": "Ada", "why": "fewest live chats (0)", "seconds": 30},
    "declined": {"agent": "Ada"},
    "rang_out": {"agent": "Ada", "seconds": 30},
    "transfer": {"who": "Ada", "to": "Bruno", "note": "She is angry"},
    "transfer_declined": {"who": "Bruno"},
    "transfer_cancelled": {"who": "Ada"},
    "transfer_back": {"to": "Bruno", "minutes": 20},
    "transferred": {"agent": "Bruno", "from": "Ada"},
    "given": {"agent": "Bruno", "who": "Sven", "from": "Ada"},
    "linked": {"number": 5},
    "merged": {"number": 5},
    "merged_in": {"number": 7},
    "mailed": {"to": "marta@home.test"},
    "mail_failed": {"to": "marta@home.test", "why": "no such mailbox"},
    "mail_ticket": {"from": "marta@home.test", "department": "Support"},
    "mail_stranger": {"from": "mallory@evil.test", "number": "5"},
    "mail_elsewhere": {"from": "mallory@evil.test", "number": "8"},
    "mail_auto": {"from": "marta@home.test", "subject": "Out of office"},
    "transcript_asked": {"who": "Ada", "to": "marta@home.test"},
    "transcript_sent": {"to": "marta@home.test"},
    "transcript_failed": {"to": "marta@home.test", "why": "no such mailbox"},
    "rated": {"kind": "csat", "score": 5, "comment": "Kind and quick", "again": True},
    "fields": {"who": "Ada", "subject": "A lamp", "priority": "high", "due": ""},
    "archived": {},
    "opted_out": {},
    "blocked": {"who": "Ada", "reason": "spam", "address": True},
    "unblocked": {"who": "Sven"},
    "merged_customer": {"who": "Sven", "customer": 9},
    "approached": {"agent": "Ada"},
    "greeted": {"text": "Can we help?"},
    "sent_again": {"who": "Ada", "seq": 3},
    "not_sent": {"seq": 3, "channel": "WhatsApp", "why": "The number is not on WhatsApp"},
    "fate_unknown": {"seq": 3, "channel": "WhatsApp", "why": "No answer came"},
    "reacted": {"seq": 3, "emoji": "\N{THUMBS UP SIGN}"},
    "edited": {"seq": 2, "text": "I meant Tuesday"},
    "withdrawn": {"seq": 2},
    "attached": {"seq": 2, "files": []},
    "not_attached": {"seq": 2, "file": "photo.jpg", "why": "it is larger than 100 MB"},
    "contact_changed": {"channel": "WhatsApp", "before": "+4930111", "after": "+4930222", "other": "12"},
}
SEEN_BY_CUSTOMERS: dict[str, dict[str, Any]] = {
    "started": {},
    "queued": {},
    "assigned": {"agent": "Ada"},
    "closed": {"by": "agent"},
    "revived": {},
    "ticket": {},
    "accepted": {"agent": "Ada"},
    "passed": {"agent": "Bruno"},
    "transferred": {"agent": "Bruno"},
    "given": {"agent": "Bruno"},
    "merged": {"number": 5},
    "approached": {"agent": "Ada"},
    "greeted": {"text": "Can we help?"},
}


def written_in_the_rules() -> set[str]:
    """Every name that a line of the domain gives to an event."""
    sources = (path.read_text() for path in Path(events.__file__).parent.glob("*.py"))
    lines = [re.findall(r'"name": "(\w+)"(?: if .* else "(\w+)")?', source) for source in sources]
    return {name for found in lines for names in found for name in names if name}


def test_every_event_of_the_rules_is_tried_here() -> None:
    assert written_in_the_rules() | AMENDED == set(FULL)


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
        ({"name": "passed"} | FULL["passed"], "No answer from Ada for 20 minutes: passed to Bruno"),
        ({"name": "stuck"} | FULL["stuck"],
         "No answer from Ada for 20 minutes, and nobody else has room: supervisors were told"),
        ({"name": "offered"} | FULL["offered"], "Rings at Ada for 30 seconds: fewest live chats (0)"),
        ({"name": "rang_out"} | FULL["rang_out"], "Ada did not answer within 30 seconds"),
        ({"name": "transfer"} | FULL["transfer"], "Ada offered it to Bruno: She is angry"),
        ({"name": "transfer_back"} | FULL["transfer_back"], "Bruno did not answer the transfer for 20 minutes"),
        ({"name": "transferred"} | FULL["transferred"], "Bruno took it over from Ada"),
        ({"name": "given"} | FULL["given"], "Sven assigned it to Bruno, from Ada"),
        ({"name": "given", "who": "Sven", "agent": "Bruno"}, "Sven assigned it to Bruno"),
        ({"name": "blocked"} | FULL["blocked"], "Ada blocked the customer and their IP address for 24 hours: spam"),
        ({"name": "linked", "way": "made", "who": "Ada", "number": 8}, "Ada created the linked ticket #8"),
        ({"name": "linked", "way": "from", "who": "Ada", "number": 7, "task": "Send a lamp"},
         "Ada created this ticket from chat #7: Send a lamp"),
        ({"name": "merged"} | FULL["merged"], "Added to the customer's open ticket #5"),
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
