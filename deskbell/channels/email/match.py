"""Which conversation a mail belongs to (CHANNEL-4). Pure: signed address first, then message ids, never the subject.

Either only says which conversation is meant. Into it comes only who writes from an address it knows; everybody else
gets a new ticket, in which staff read what it answered, and neither sees nor joins the other one.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from .addressing import number_of, number_of_message_id
from .parse import Parsed

Check = Literal["pass", "fail", "none"]


class Meant(NamedTuple):
    """Numbers of conversations that a mail names. `signed`: those of signed addresses it was sent to."""

    signed: tuple[int, ...]
    referred: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys((*self.signed, *self.referred)))


class Place(NamedTuple):
    """`number`: the conversation it goes into, None for a new ticket. `answers`: the one it meant but may not join.

    `proven`: the sender got a mail of ours at this address and answers it: the address is theirs.
    """

    number: int | None
    answers: int | None = None
    proven: bool = False


def meant(mail: Parsed, key: bytes, known_ids: Mapping[str, int]) -> Meant:
    """`known_ids`: message id -> conversation, of the ids that are stored."""
    signed = [number for address in mail.recipients if (number := number_of(address, key)) is not None]
    referred = []
    for one in mail.refers_to:
        number = known_ids.get(one) or number_of_message_id(one, key)
        if number is not None:
            referred.append(number)
    return Meant(tuple(dict.fromkeys(signed)), tuple(dict.fromkeys(referred)))


def place(mail: Parsed, numbers: Meant, addresses: Mapping[int, Sequence[str]], check: Check) -> Place:
    """`addresses`: conversation -> the addresses it knows, for those that exist."""
    existing = [number for number in numbers.all if number in addresses]
    for number in existing:
        if mail.sender and mail.sender in addresses[number] and check != "fail":
            return Place(number, proven=number in numbers.signed)
    return Place(None, answers=existing[0] if existing else None)
