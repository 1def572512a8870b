"""From the desk's values to what goes over the wire: entries, cards, the customer's view, publications."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from deskbell.domain import access, events
from deskbell.domain.conversation import Conversation, Entry
from deskbell.kit.clock import milliseconds as ms
from deskbell.kit.html import safe_html
from deskbell.realtime import frames
from deskbell.realtime.presence_frames import Page
from deskbell.realtime.publication import Keep, Publication
from deskbell.store.deliveries import Stands
from deskbell.store.notifications import Stored


def ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else ms(moment)


def shown_name(customer_id: int, name: str) -> str:
    return name or f"Visitor {customer_id}"


def row_of(
    conversation: Conversation, customer_name: str, seen: frames.Seen | UnsetType = UNSET
) -> frames.Row:
    c = conversation
    return frames.Row(
        id=c.id,
        kind=c.kind,
        state=c.state,
        channel=c.channel,
        customer=frames.RowCustomer(c.customer_id, shown_name(c.customer_id, customer_name)),
        site=c.site_id,
        created_at=ms(c.created_at),
        state_at=ms(c.state_at),
        last_seq=c.last_seq,
        last_customer_seq=c.last_customer_seq,
        last_agent_seq=c.last_agent_seq,
        customer_messages=c.customer_messages,
        agent_messages=c.agent_messages,
        preview=c.preview,
        preview_by=c.preview_by,
        delivered=c.customer_delivered,
        read=c.customer_read,
        department=c.department_id,
        owner=c.owner_id,
        labels=list(c.labels),
        last_customer_at=ms_or_none(c.last_customer_at),
        last_agent_at=ms_or_none(c.last_agent_at),
        waiting_since=ms_or_none(c.waiting_since),
        closed_at=ms_or_none(c.closed_at),
        closed_by=c.closed_by,
        closed_by_id=c.closed_by_id,
        close_reason=c.close_reason,
        sentiment=c.sentiment,
        closing_tag=c.closing_tag_id,
        flagged_at=ms_or_none(c.flagged_at),
        offered_to=c.offered_to,
        offered_at=ms_or_none(c.offered_at) if c.offered_to else None,
        transfer=_transfer(c),
        comments=c.comments,
        mentioned=list(c.mentioned),
        linked_to=c.linked_to,
        subject=c.subject,
        priority=c.priority,
        due_at=ms_or_none(c.due_at),
        new=c.is_new,
        seen=seen,
    )


def _transfer(c: Conversation) -> frames.RowTransfer | None:
    if c.transfer_at is None:
        return None
    return frames.RowTransfer(
        c.transfer_by or 0, ms(c.transfer_at), c.transfer_to, c.transfer_department, c.transfer_note
    )


# How the desk handles a chat inside is not for its customer, who waits or talks.
_TO_CUSTOMERS = {"offered": "queued", "pending": "live"}


def view_of(
    conversation: Conversation, names: Mapping[int, str], queue: frames.QueuePlace | None = None
) -> frames.VisitorView:
    """The conversation as its customer sees it. `unread`: public agent entries the customer has not read."""
    c = conversation
    return frames.VisitorView(
        c=c.id,
        kind=c.kind,
        state=_TO_CUSTOMERS.get(c.state, c.state),
        last_seq=c.last_public_seq,
        unread=1 if c.last_agent_seq > c.customer_read else 0,
        delivered=c.agent_delivered,
        read=c.agent_read,
        agent=frames.VisitorAgent(names.get(c.owner_id, "")) if c.owner_id else None,
        department=c.department_id,
        queue=queue,
        closed_at=ms_or_none(c.closed_at),
        merged_into=c.linked_to if c.kind == "chat" else None,
    )


def entry_of(
    entry: Entry,
    names: Mapping[int, str],
    customer_name: str,
    *,
    public: bool,
    read_at: datetime | None = None,
) -> frames.Entry:
    """One line of the thread for staff, or (`public`) for the customer."""
    wire = frames.Entry(seq=entry.seq, kind=entry.kind, by=entry.author, at=ms(entry.at))
    if entry.author == "agent":
        wire.by_id = entry.author_id
        wire.name = names.get(entry.author_id, "")
    elif entry.author == "customer":
        wire.name = shown_name(entry.author_id, customer_name)
    _fill(wire, entry, names, customer_name, public=public)
    if entry.html is not None:
        # Cleaned once more: what is stored was safe by the rules of its day (CHAT-4).
        wire.html = safe_html(entry.html)
    if entry.client_id is not None:
        wire.id = entry.client_id
    if public:
        wire.prev = entry.prev_public
    if read_at is not None:
        wire.read_at = ms(read_at)
    return wire


def _fill(
    wire: frames.Entry, entry: Entry, names: Mapping[int, str], customer_name: str, *, public: bool
) -> None:
    data = entry.data or {}
    if entry.kind == "event" and public:
        wire.event = events.public_values(data)
        return
    wire.text = entry.text
    if entry.kind == "event":
        wire.event = data
    elif entry.kind == "page":
        wire.page = msgspec.convert(data, Page)
    elif "mentions" in data:
        wire.mentions = data["mentions"]
    elif data:
        if "files" in data:
            wire.files = msgspec.convert(data["files"], list[frames.File])
        if "mail" in data and not public:
            wire.mail = {
                **data["mail"],
                "path": f"/api/conversations/{entry.conversation_id}/mails/{entry.seq}",
            }
        if not public:
            _fill_of_channel(wire, data)
        if "quote" in data:
            wire.quote = _quote(data["quote"], names, customer_name)


def _fill_of_channel(wire: frames.Entry, data: Mapping[str, Any]) -> None:
    """What staff see of a message that came or goes over somebody else's service."""
    for name in ("via", "template", "shared", "coming"):
        if name in data:
            setattr(wire, name, data[name])


def show_deliveries(entries: Iterable[frames.Entry], stands: Iterable[Stands]) -> None:
    """Staff see at each message how far it got."""
    found = {one.seq: one for one in stands}
    for entry in entries:
        if (one := found.get(entry.seq)) is not None:
            entry.delivery = delivery_of(one)


def delivery_of(stands: Stands) -> frames.Delivery:
    return frames.Delivery(stands.state, ms(stands.at), stands.code, stands.error)


def _quote(quoted: Mapping[str, Any], names: Mapping[int, str], customer_name: str) -> frames.Quote:
    by, writer = quoted["by"], quoted["by_id"]
    name = shown_name(writer, customer_name) if by == "customer" else names.get(writer, "")
    return frames.Quote(quoted["seq"], by, name, quoted["text"])


def notice_of(stored: Stored) -> frames.Notice:
    """A notification as its person's devices get it."""
    return frames.Notice(
        id=stored.id,
        kind=stored.kind,
        c=stored.conversation_id,
        customer=shown_name(stored.customer_id, stored.customer),
        data=stored.data,
        at=ms(stored.at),
        read=stored.read_at is not None,
    )


def publication_of(
    before: Conversation | None,
    after: Conversation,
    entries: list[Entry],
    names: Mapping[int, str],
    customer_name: str,
) -> Publication:
    """What one conversation's part of a batch has to tell. `entries` are its new ones in order, maybe none."""
    row = row_of(after, customer_name)
    owners, departments, keep = _audience(before, after)
    team: list[bytes] = []
    public: list[bytes | None] = []
    for entry in entries:
        frame = frames.EntryFrame(after.id, entry_of(entry, names, customer_name, public=False), row)
        team.append(frames.encode(frame))
        public.append(_public_frame(entry, after, names, customer_name) if entry.public else None)
    return Publication(
        after.id,
        entries[0].seq if entries else after.last_seq + 1,
        tuple(team),
        tuple(public),
        owners,
        departments,
        None if entries else frames.encode(frames.RowFrame(row)),
        after.customer_id if entries and entries[0].seq == 1 and not after.is_linked_ticket else 0,
        keep,
    )


def _public_frame(entry: Entry, after: Conversation, names: Mapping[int, str], customer_name: str) -> bytes:
    frame = frames.EntryFrame(after.id, entry_of(entry, names, customer_name, public=True))
    if entry.kind == "event":
        frame.view = view_of(after, names)
    return frames.encode(frame)


def keep_of(conversation: Conversation) -> Keep:
    """Who may follow it."""
    return access.watchers(conversation), access.halls(conversation)


def _audience(
    before: Conversation | None, after: Conversation
) -> tuple[tuple[int, ...], tuple[int, ...], Keep | None]:
    """Whose lists change, of staff and of departments; and who may go on, if somebody may not."""
    staff, departments = keep_of(after)
    if before is None or before is after:
        return staff, departments, None
    old_staff, old_departments = keep_of(before)
    if (old_staff, old_departments) == (staff, departments):
        return staff, departments, None
    everybody = tuple(dict.fromkeys((*staff, *old_staff)))
    return everybody, tuple(dict.fromkeys((*departments, *old_departments))), (staff, departments)
