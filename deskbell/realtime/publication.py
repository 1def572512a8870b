"""What a commit has to tell, in a form that nodes pass on: encoded frames by number, and whose lists they touch."""

from typing import NamedTuple, TypeVar

import msgspec

T = TypeVar("T")

NOTICE_BYTES = 7_800  # PostgreSQL refuses a NOTIFY payload of 8,000 bytes or more


Keep = tuple[tuple[int, ...], tuple[int, ...]]


class Publication(NamedTuple):
    """New entries `first..first+len(team)-1` of one conversation, encoded once for all receivers.

    `team[i]` is the frame for staff, `public[i]` the one for the customer, or None for what the customer may not see.
    `owners`: staff whose lists change (the present owner first, or 0). `departments`: those whose agents' lists change
    (0: everybody's). `keep`: who may go on following, as (staff, departments), when somebody may no longer.
    `row`: a frame for staff that has no number (a card changed without an entry).
    `customer`: whose conversation begins here, else 0; their open sockets do not follow it yet.
    """

    conversation_id: int
    first: int
    team: tuple[bytes, ...]
    public: tuple[bytes | None, ...]
    owners: tuple[int, ...]
    departments: tuple[int, ...] = ()
    row: bytes | None = None
    customer: int = 0
    keep: Keep | None = None

    @property
    def last(self) -> int:
        return self.first + len(self.team) - 1


class _WithCard(msgspec.Struct):
    s: msgspec.Raw


_decode_card = msgspec.json.Decoder(_WithCard).decode


def card_of(entry_frame: bytes) -> bytes:
    """The card of an entry's frame for staff, as a `row` frame of its own."""
    return b'{"t":"row","s":' + bytes(_decode_card(entry_frame).s) + b"}"


class Missing(NamedTuple):
    """Entries `first..last` were committed, but their frames did not come along (too long for a notice, or lost)."""

    conversation_id: int
    first: int
    last: int
    owners: tuple[int, ...] = ()
    departments: tuple[int, ...] = ()


class Thread(msgspec.Struct, tag_field="k", tag="thread", array_like=True):
    """A publication on the bus. Without bodies (`team` None) a node reads the entries itself."""

    c: int
    first: int
    last: int
    owners: tuple[int, ...]
    departments: tuple[int, ...]
    team: list[str] | None = None
    public: list[str | None] | None = None
    row: str | None = None
    customer: int = 0
    keep: Keep | None = None


class Note(msgspec.Struct, tag_field="k", tag="note", array_like=True):
    """Anything else that nodes tell each other: `what` and its values. May be lost."""

    what: str
    values: list[int | str | bool | None]


class Notice(msgspec.Struct, array_like=True):
    """One NOTIFY payload: who sent it and what happened."""

    node: str
    parts: list[Thread | Note]


_encode = msgspec.json.Encoder().encode
decode_notice = msgspec.json.Decoder(Notice).decode


def to_thread(publication: Publication, *, bodies: bool) -> Thread:
    p = publication
    thread = Thread(
        p.conversation_id, p.first, p.last, p.owners, p.departments, customer=p.customer, keep=p.keep
    )
    if bodies:
        thread.team = [frame.decode() for frame in p.team]
        thread.public = [None if frame is None else frame.decode() for frame in p.public]
    thread.row = None if p.row is None else p.row.decode()
    return thread


def to_publication(thread: Thread) -> Publication | None:
    """None when the notice came without bodies."""
    if thread.team is None or thread.public is None:
        return None
    return Publication(
        thread.c,
        thread.first,
        tuple(frame.encode() for frame in thread.team),
        tuple(None if frame is None else frame.encode() for frame in thread.public),
        thread.owners,
        thread.departments,
        None if thread.row is None else thread.row.encode(),
        thread.customer,
        thread.keep,
    )


def pack(node: str, publications: list[Publication]) -> list[str]:
    """As few payloads as fit. A publication whose body alone is too long goes without it."""
    parts: list[tuple[int, Thread]] = []
    for publication in publications:
        thread = to_thread(publication, bodies=True)
        size = len(_encode(thread)) + 1
        if size > NOTICE_BYTES - 200:
            thread = to_thread(publication._replace(row=None), bodies=False)
            size = len(_encode(thread)) + 1
        parts.append((size, thread))
    return [_encode(Notice(node, list(group))).decode() for group in _groups(parts)]


def pack_notes(node: str, notes: list[Note]) -> list[str]:
    parts = [(len(_encode(note)) + 1, note) for note in notes]
    return [_encode(Notice(node, list(group))).decode() for group in _groups(parts)]


def _groups(parts: list[tuple[int, T]]) -> list[list[T]]:
    groups: list[list[T]] = []
    room = 0
    for size, part in parts:
        if not groups or size > room:
            groups.append([])
            room = NOTICE_BYTES - 100
        groups[-1].append(part)
        room -= size
    return groups
