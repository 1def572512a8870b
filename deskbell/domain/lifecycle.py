"""The life of a conversation: one pure function from state and command to change (LIFE).

`decide` does no I/O and knows no clock. A refusal is a `Refused`. The same function serves people, channels and the clock.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from . import (
    access,
    blocking,
    closing,
    comments,
    handover,
    keywords,
    linking,
    mailing,
    merging,
    post,
    reach,
    resting,
    sorting,
    surveys,
    tickets,
    timers,
    transfers,
    visits,
)
from . import files as own
from .channels import rules_of
from .commands import (
    AcceptTicket,
    AddComment,
    AnswerOffer,
    AnswerTransfer,
    Assign,
    AssignTo,
    BlockCustomer,
    CancelTransfer,
    ChangeDepartment,
    ChangeLabels,
    ChangeTicket,
    CloseConversation,
    Command,
    FlagChat,
    KeepWaiting,
    LiftBlock,
    LinkTicket,
    MergeCustomers,
    NoteLetter,
    NoteMail,
    NotePage,
    OfferTransfer,
    OpenChat,
    PassOn,
    Rate,
    Ring,
    SendTranscript,
    SetPending,
    StartChat,
    TimeIsUp,
    TurnIntoTicket,
    WriteMessage,
)
from .conversation import Change, Conversation, Entry, Letter, Notification, advance, preview_of
from .deliveries import Amend, NoteContact, NoteDispatch, SendAgain, SendTemplate
from .errors import NotFound, Refused
from .facts import Facts
from .people import SYSTEM, Actor, Customer, Staff
from .thread import message, record, replied, without_offers

GONE = (AcceptTicket, AnswerOffer, AnswerTransfer)  # refused as `taken` to those who came too late


def decide(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """What `command` does to the locked `conversation`. Raises `Refused` when the rules say no."""
    if not access.may_see(command.actor, conversation):
        reason = access.why_no_longer(command.actor, conversation, facts)
        if reason:
            raise Refused("taken" if isinstance(command, GONE) else "forbidden", reason)
        raise NotFound
    if isinstance(command.actor, Customer):
        blocking.refuse(command.actor.id, "", facts)
    return _ended(_RULES[type(command)](conversation, command, facts, now), facts)


def _ended(change: Change, facts: Facts) -> Change:
    """With what follows every closing, whoever closed it: the transcript and the survey (LIFE-13, SUPERVISOR-4)."""
    if change.conversation.state != "closed" and not change.others:
        return change
    after = {c.id: c for c in (*change.others, change.conversation) if c.state == "closed"}
    for entry in change.entries:
        c = after.get(entry.conversation_id)
        if c is None or entry.kind != "event" or (entry.data or {}).get("name") != "closed":
            continue
        if change.opted_out is not True:
            transcripts = post.transcript_at_close(c, entry.seq, facts)
            change = change._replace(transcripts=change.transcripts + transcripts)
        change = change._replace(surveys=change.surveys + surveys.survey_at_close(c, entry.seq, facts))
    return change


def begin(conversation_id: int, command: StartChat, facts: Facts, now: datetime) -> Change:
    """A new chat with its first message, waiting for routing to look at it (LIFE-1); or a ticket by mail."""
    blocking.refuse(command.actor.id, command.address, facts)
    if command.by_mail is not None:
        conversation, made, message = mailing.ticket(conversation_id, command, command.by_mail, facts, now)
        change = _customer_writes(conversation, message, facts, now)
        return change._replace(entries=(*made.entries, *change.entries))
    if command.department_id is not None and command.department_id not in facts.departments:
        raise Refused("department", "This department does not exist.")
    conversation = Conversation(
        id=conversation_id,
        kind="chat",
        state="queued",
        channel=command.channel,
        site_id=command.site_id,
        customer_id=command.actor.id,
        start_id=command.client_id,
        department_id=command.department_id,
        owner_id=None,
        labels=(),
        created_at=now,
        state_at=now,
        queued_at=now,
    )
    data = {"name": "started", "department": facts.departments.get(command.department_id or 0, "")}
    conversation, started = record(conversation, command.actor, data, now)
    before: tuple[Entry, ...] = (started,)
    if command.greeting:
        greeting = {"name": "greeted", "text": command.greeting}
        conversation, greeted = record(conversation, SYSTEM, greeting, now)
        before = (started, greeted)
    message = written(command, conversation_id)
    change = _customer_writes(conversation, message, facts, now)
    return _ended(change._replace(entries=(*before, *change.entries), route=True), facts)


def written(command: StartChat, conversation_id: int) -> WriteMessage:
    """What somebody who begins says, as a message of the conversation it comes to stand in."""
    c = command
    return WriteMessage(conversation_id, c.actor, c.client_id, c.text, None, c.files, carries=c.carries)


def _write(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, WriteMessage)
    if isinstance(command.actor, Customer):
        return _customer_writes(conversation, command, facts, now)
    email = facts.emails.get(conversation.customer_id, "")
    reason = access.why_not_write(command.actor, conversation, facts.staff_names, now, email)
    if reason:
        raise Refused("forbidden", reason)
    if conversation.customer_id in facts.opted_out:
        raise Refused("forbidden", access.OPTED_OUT)
    reach.check(conversation, facts, now)
    files = own.views(command.actor, command.files, facts)
    reach.check_limits(conversation, command.text, files, facts)
    entry = _message(conversation, command, files, facts, now)
    conversation = replied(conversation, entry, len(files))
    letters: tuple[Letter, ...] = ()
    if post.goes_by_mail(conversation, email, now):
        letters = (Letter(conversation.id, entry.seq, email, post.may_be_read(conversation, now)),)
    dispatches = reach.dispatched(conversation, entry.seq, facts)
    return Change(conversation, (entry,), entry, files=command.files, letters=letters, dispatches=dispatches)


def _customer_writes(
    conversation: Conversation, command: WriteMessage, facts: Facts, now: datetime
) -> Change:
    closed = conversation.state == "closed"
    blocking.refuse(conversation.customer_id, command.address if closed else "", facts)
    if conversation.state == "archived":
        raise Refused("closed", "This conversation is archived. Please start a new one.")
    conversation = post.answered_there(conversation, command)
    word = keywords.spoken(conversation, command, facts)
    route = closed and conversation.kind == "chat" and word is None
    if route and conversation.customer_id in facts.open_chats:
        raise Refused("closed", "You have a newer chat open. Please write there.")
    files = own.views(command.actor, command.files, facts)
    before: tuple[Entry, ...] = ()
    if closed and word is None:
        conversation, event = _revive(conversation, command.actor, facts, now)
        before = (event,)
    entry = _message(conversation, command, files, facts, now)
    coming = len(command.carries.get("coming", ())) if command.carries else 0
    conversation = advance(
        conversation,
        entry,
        preview=preview_of(command.text, len(files) + coming),
        preview_by="customer",
        customer_messages=conversation.customer_messages + 1,
        last_customer_seq=entry.seq,
        last_customer_at=now,
        waiting_since=None if conversation.state == "closed" else conversation.waiting_since or now,
    )
    change = Change(conversation, (*before, entry), entry, route=route, files=command.files)
    if word is not None:
        return keywords.obey(change, word, command, facts, now)
    if conversation.customer_id in facts.opted_out:
        change = change._replace(opted_out=False)
    return _wake(change, now) if conversation.state == "pending" else change


def _wake(change: Change, now: datetime) -> Change:
    """The customer answered a pending chat: live again with its owner, who is told (LIFE-8)."""
    conversation = change.conversation._replace(state="live", state_at=now)
    conversation, entry = record(conversation, SYSTEM, {"name": "answered"}, now)
    told = Notification(conversation.owner_id or 0, "answered", conversation.id, {})
    return change._replace(conversation=conversation, entries=(*change.entries, entry), notifications=(told,))


def _message(
    conversation: Conversation,
    command: WriteMessage,
    files: list[dict[str, Any]],
    facts: Facts,
    now: datetime,
) -> Entry:
    if not command.text and not files and not command.carries:
        raise Refused("empty", "An empty message is not sent.")
    return message(
        conversation,
        command.actor,
        command.text,
        now,
        client_id=command.client_id,
        html=command.html,
        data=_carried(conversation, command, files, facts),
    )


def _carried(
    conversation: Conversation, command: WriteMessage, files: list[dict[str, Any]], facts: Facts
) -> dict[str, Any] | None:
    """What a message has besides its text: files, what it quotes (CHAT-12), what its channel adds, the way it goes."""
    data = dict(command.carries) if command.carries else {}
    if files:
        data["files"] = files
    if command.quote is not None:
        quoted = facts.quoted.get((command.conversation_id, command.quote))
        if quoted is None:
            raise Refused("quote", "The message that is quoted is not in this conversation.")
        data["quote"] = quoted
    if isinstance(command.actor, Staff) and rules_of(facts.channels, conversation.channel).outbox:
        data["via"] = conversation.channel
    return data or None


def _revive(
    conversation: Conversation, actor: Actor, facts: Facts, now: datetime
) -> tuple[Conversation, Entry]:
    """Only the customer's reply makes a closed conversation live again, under its old number (LIFE-10)."""
    linked_to = None
    data: dict[str, Any] = {"name": "revived"}
    if conversation.kind == "ticket":
        linked_to = conversation.linked_to if conversation.is_linked_ticket else None
        other = facts.tickets.get(conversation.customer_id, conversation.id)
        owner = conversation.owner_id if conversation.owner_id in facts.active else None
        if conversation.owner_id and owner is None:  # nobody would ever look at it
            data["left"] = facts.staff_names.get(conversation.owner_id, "its agent")
        conversation = conversation._replace(
            state="assigned" if owner else "unassigned",
            owner_id=owner,
            converted=conversation.converted and other == conversation.id,
        )
    else:
        conversation = without_offers(conversation)._replace(
            state="queued", owner_id=None, queued_at=now, queue_told=False, assigned_at=None, opened_at=None
        )
    conversation = conversation._replace(
        state_at=now,
        closed_at=None,
        closed_by=None,
        closed_by_id=None,
        close_reason=None,
        linked_to=linked_to,
    )
    return record(conversation, actor, data, now)


def _open(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, OpenChat)
    if conversation.owner_id == command.actor.id and conversation.opened_at is None:
        conversation = conversation._replace(opened_at=now)
    return Change(conversation, ())


def _time_is_up(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """What the clock asks for, if it is still due (LIFE-18)."""
    assert isinstance(command, TimeIsUp)
    preferences = facts.preferences
    if not timers.is_due(conversation, command.timer, preferences, now):
        raise Refused("closed", "This was settled meanwhile.")
    match command.timer:
        case "inactivity":
            silence = timers.in_words(preferences.inactivity_minutes)
            return _run_out(conversation, f"no answer from the customer for {silence}", now)
        case "pending":
            return _run_out(conversation, f"pending for {timers.in_words(preferences.pending_minutes)}", now)
        case "queue":
            wait = timers.in_words(preferences.inactivity_minutes)
            return tickets.converted(conversation, f"nobody took it for {wait}", facts, now)
        case "transfer":
            return transfers.not_answered(conversation, facts, now)
        case "ring":
            agent = facts.staff_names.get(conversation.offered_to or 0, "The agent")
            data = {"name": "rang_out", "agent": agent, "seconds": preferences.ring_seconds}
            return handover.rang_out(conversation, data, None, now)
        case "age":
            return tickets.archived(conversation, now)
        case _:
            raise Refused("closed", "Nothing is done about this time alone.")


def _run_out(conversation: Conversation, reason: str, now: datetime) -> Change:
    conversation, entry = closing.ended(conversation, SYSTEM, reason, now)
    return Change(conversation, (entry,), entry, route=True)


_RULES: dict[type, Callable[[Conversation, Command, Facts, datetime], Change]] = {
    WriteMessage: _write,
    SendTemplate: reach.send_template,
    SendAgain: reach.send_again,
    NoteDispatch: reach.note_dispatch,
    Amend: reach.amend,
    NoteContact: reach.note_contact,
    CloseConversation: closing.close,
    OpenChat: _open,
    ChangeDepartment: sorting.change_department,
    ChangeLabels: sorting.change_labels,
    AcceptTicket: tickets.accept,
    ChangeTicket: tickets.change,
    FlagChat: resting.flag,
    SetPending: resting.set_pending,
    OfferTransfer: transfers.offer,
    AnswerTransfer: transfers.answer,
    CancelTransfer: transfers.cancel,
    AnswerOffer: handover.answer_offer,
    AssignTo: handover.assign_to,
    AddComment: comments.comment,
    BlockCustomer: blocking.block,
    LiftBlock: blocking.lift,
    LinkTicket: linking.link,
    MergeCustomers: merging.merge,
    Assign: handover.assign,
    Ring: handover.ring,
    PassOn: handover.pass_on,
    KeepWaiting: tickets.keep_waiting,
    TurnIntoTicket: tickets.turn_into_ticket,
    TimeIsUp: _time_is_up,
    NoteLetter: post.note_letter,
    SendTranscript: post.send_transcript,
    Rate: surveys.rate,
    NoteMail: mailing.note,
    NotePage: visits.page,
}
