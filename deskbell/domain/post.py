"""What goes out by e-mail: replies, transcripts, and what became of them (LIFE-10, LIFE-13, TICKET-9)."""

from datetime import datetime
from typing import Any

from . import access
from .blocking import REASON
from .commands import Command, NoteLetter, SendTranscript, WriteMessage
from .conversation import Change, Conversation, Transcript
from .errors import Refused
from .facts import Facts
from .people import SYSTEM, Staff
from .standing import TypedEmail
from .thread import record

ASKED_PER_DAY = 5
"""Transcripts somebody may ask for, of one conversation: the address may be a stranger's."""


def goes_by_mail(conversation: Conversation, email: str, now: datetime) -> bool:
    """Whether an agent's reply needs a mail: nobody may be there to read it in the widget."""
    if not email or conversation.channel not in access.BY_MAIL:
        return False
    return (
        conversation.kind == "ticket"
        or conversation.channel == "email"
        or access.is_long_closed(conversation, now)
    )


def answered_there(conversation: Conversation, command: WriteMessage) -> Conversation:
    """A chat whose customer answers a mail of ours is a matter of mails until they write in the widget again."""
    if conversation.kind != "chat" or conversation.channel not in access.BY_MAIL:
        return conversation
    channel = "email" if command.carries and "mail" in command.carries else "web"
    return conversation if conversation.channel == channel else conversation._replace(channel=channel)


def may_be_read(conversation: Conversation, now: datetime) -> bool:
    """Whether the customer is given a little time to read it in the widget before a mail goes."""
    widget = conversation.channel == "web" or conversation.kind == "chat"
    return widget and not access.is_long_closed(conversation, now)


def moved_on(conversation: Conversation) -> bool:
    """Closed only because what was said goes on in another conversation (TICKET-7)."""
    return conversation.closed_by == "system" and conversation.linked_to is not None


def transcript_at_close(conversation: Conversation, seq: int, facts: Facts) -> tuple[Transcript, ...]:
    """LIFE-13. Those who write by e-mail have every word already; nobody blocked gets one."""
    all_by_mail = conversation.channel == "email" and conversation.kind == "ticket"
    if not facts.preferences.transcripts or all_by_mail or moved_on(conversation):
        return ()
    if conversation.close_reason == REASON or conversation.customer_id in facts.opted_out:
        return ()
    return (Transcript(conversation.id, seq, "close"),)


def send_transcript(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """Asked for by its customer, or by staff for the customer's own address."""
    assert isinstance(command, SendTranscript)
    actor, typed = command.actor, command.email
    if isinstance(actor, Staff):
        reason = access.why_not_sort(actor, conversation)
        if reason is None and conversation.customer_id in facts.opted_out:
            reason = access.OPTED_OUT
        if reason:
            raise Refused("forbidden", reason)
        typed = ""
    if not conversation.customer_messages + conversation.agent_messages:
        raise Refused("empty", "Nothing has been said here yet.")
    known = facts.emails.get(conversation.customer_id, "")
    email = known if conversation.customer_id in facts.verified else typed or known
    if not email:
        raise Refused("email", "An e-mail address is needed for the transcript.")
    if facts.transcripts.get(conversation.id, 0) >= ASKED_PER_DAY:
        raise Refused("rate", f"A transcript can be asked for {ASKED_PER_DAY} times a day.")
    who = actor.name if isinstance(actor, Staff) else "The customer"
    data = {"name": "transcript_asked", "who": who, "to": email}
    conversation, entry = record(conversation, actor, data, now, command.client_id)
    asked = Transcript(conversation.id, entry.seq, actor.author, email)
    typed_now = TypedEmail(conversation.customer_id, email) if email == typed != known else None
    return Change(conversation, (entry,), entry, transcripts=(asked,), standing=typed_now)


def note_letter(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """Say in the thread what became of a mail."""
    assert isinstance(command, NoteLetter)
    data: dict[str, Any] = {"name": "mailed"}
    if command.kind == "transcript":
        data = {"name": "transcript_sent"}
    if command.error is not None:
        data = {"name": "transcript_failed"} if command.kind == "transcript" else {"name": "mail_failed"}
        data["why"] = command.error
    data |= {"to": command.recipient, "seq": command.seq}
    conversation, entry = record(conversation, SYSTEM, data, now, command.client_id)
    return Change(conversation, (entry,), entry)
