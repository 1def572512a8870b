"""The facts of a batch: looked up only for the commands that ask, one query per kind of fact, never per command."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from deskbell.domain.access import may_see
from deskbell.domain.channels import ChannelRules, rules_of
from deskbell.domain.commands import (
    AddComment,
    AnswerOffer,
    AnswerTransfer,
    Assign,
    AssignTo,
    Beginning,
    BlockCustomer,
    Command,
    LiftBlock,
    LinkTicket,
    MergeCustomers,
    OfferTransfer,
    PassOn,
    Rate,
    Ring,
    SendTranscript,
    StartByAgent,
    StartChat,
    TimeIsUp,
    TurnIntoTicket,
    WriteMessage,
)
from deskbell.domain.conversation import Conversation
from deskbell.domain.deliveries import SendAgain, SendTemplate
from deskbell.domain.facts import Facts
from deskbell.domain.keywords import stops
from deskbell.domain.people import Customer, Staff
from deskbell.domain.preferences import Preferences
from deskbell.kit.postgres import Connection
from deskbell.store import blocks, surveys
from deskbell.store import facts as rows

GIVEN_BY_ROUTING = (Assign, Ring, PassOn)
SENDS = (WriteMessage, SendTemplate, SendAgain)
ABOUT_PEOPLE = (BlockCustomer, LiftBlock, MergeCustomers)
ASKS_WHO_IS_THERE = (AddComment, AnswerOffer, AnswerTransfer, AssignTo, OfferTransfer, StartByAgent)


class Companions(NamedTuple):
    """Conversations that may change along with those the commands name, so they are locked with them."""

    tickets: Mapping[int, int]
    belongings: Mapping[int, Sequence[int]]
    kin: Mapping[int, tuple[int, ...]]

    @property
    def ids(self) -> set[int]:
        return set(self.tickets.values()).union(*self.belongings.values())


async def companions(
    connection: Connection,
    commands: Iterable[Command],
    preferences: Preferences,
    channels: Mapping[str, ChannelRules],
) -> Companions:
    """Before anything is locked."""
    commands = list(commands)
    settled = {c.conversation_id for c in commands if not isinstance(c, Beginning) and _may_settle_ticket(c)}
    begun_with = {c.customer_id for c in commands if isinstance(c, StartByAgent)}
    stopping = {
        c.actor.id
        for c in commands
        if isinstance(c, WriteMessage | StartChat)
        and isinstance(c.actor, Customer)
        and stops(c, preferences, channels)
    }
    kin = await _kin(connection, commands)
    stopping |= set().union(*kin.values())
    return Companions(
        await rows.open_tickets(connection, sorted(settled), sorted(begun_with))
        if settled or begun_with
        else {},
        await rows.belongings(connection, sorted(stopping)) if stopping else {},
        kin,
    )


async def _kin(connection: Connection, commands: Iterable[Command]) -> dict[int, tuple[int, ...]]:
    """Customers whom blocks, their lifting and merges are about, and who changes along with each."""
    about = [c for c in commands if isinstance(c, ABOUT_PEOPLE)]
    if not about:
        return {}
    kin = await blocks.kin(connection, sorted({c.conversation_id for c in about}))
    return kin | {c.customer_id: (c.customer_id,) for c in about if isinstance(c, MergeCustomers)}


def _may_settle_ticket(command: Command) -> bool:
    """The customer finds an agent, or has found none: their open converted ticket changes too (TICKET-7)."""
    if isinstance(command, TimeIsUp):
        return command.timer == "queue"
    return isinstance(command, Assign | AnswerOffer | AssignTo | TurnIntoTicket)


async def look_up(
    connection: Connection,
    commands: Sequence[Command],
    before: Mapping[int, Conversation],
    found: Companions,
    facts: Facts,
    now: datetime,
) -> Facts:
    """`facts` with what these commands need. Their conversations are locked: nothing changes behind our back."""
    asking = _who_asks(commands, before, facts.channels)
    tickets = dict(found.tickets)
    if asking.revived:
        tickets |= await rows.open_tickets(connection, sorted(asking.revived))
    dealt = frozenset(asking.insiders)
    if asking.strangers:
        dealt |= await rows.dealt_with(connection, sorted(asking.strangers))
    facts = facts._replace(tickets=tickets, belongings=found.belongings, dealt=dealt, kin=found.kin)
    facts = await _guarded(connection, commands, before, found, facts, now)
    if asking.writers:
        facts = facts._replace(open_chats=await rows.open_chats(connection, sorted(asking.writers)))
    if asking.mailed:
        emails, verified = await rows.emails(connection, sorted(asking.mailed))
        facts = facts._replace(emails=emails, verified=verified)
    facts = await _look_up_wishes(connection, commands, facts, now)
    facts = await _of_messages(connection, commands, asking.reached, facts)
    if any(isinstance(command, ASKS_WHO_IS_THERE) for command in commands):
        facts = facts._replace(online=await rows.online(connection, now))
    agents = {c.agent_id for c in commands if isinstance(c, GIVEN_BY_ROUTING) and c.agent_id is not None}
    if agents:
        loads = await rows.loads(connection, sorted(agents))
        facts = facts._replace(
            loads={agent: load.chats for agent, load in loads.items()},
            maximums={a: load.maximum for a, load in loads.items() if load.maximum is not None},
        )
    if found.tickets:
        merging = [c.conversation_id for c in commands if isinstance(c, TurnIntoTicket | TimeIsUp)]
        if merging:
            facts = facts._replace(written=await rows.written(connection, merging))
    return facts


async def _of_messages(
    connection: Connection, commands: Sequence[Command], reached: set[tuple[int, str]], facts: Facts
) -> Facts:
    """How customers are reached over channels, and the messages that are sent again or quoted."""
    if reached:
        facts = facts._replace(reach=await rows.reach(connection, sorted(reached)))
    again = sorted({(c.conversation_id, c.seq) for c in commands if isinstance(c, SendAgain)})
    if again:
        facts = facts._replace(undelivered=await rows.undelivered(connection, again))
    quotes = {
        (c.conversation_id, c.quote) for c in commands if isinstance(c, WriteMessage) and c.quote is not None
    }
    if quotes:
        facts = facts._replace(quoted=await rows.quoted(connection, sorted(quotes)))
    return facts


class Moved(Exception):
    """Something of these customers began while their conversations were being locked: once more from the start."""


async def _guarded(
    connection: Connection,
    commands: Sequence[Command],
    before: Mapping[int, Conversation],
    found: Companions,
    facts: Facts,
    now: datetime,
) -> Facts:
    """Who is blocked, of those who begin something; and nothing begins while somebody is being blocked or merged.

    Both lock the customers after their conversations. Raises Moved.
    """
    begins = [
        c
        for c in commands
        if isinstance(c, StartChat)
        or (isinstance(c, WriteMessage) and isinstance(c.actor, Customer) and _is_closed(before, c))
    ]
    customers = {c.actor.id for c in begins}.union(*found.kin.values())
    customers |= {c.customer_id for c in commands if isinstance(c, StartByAgent)}
    if not customers:
        return facts
    facts = facts._replace(blocked=facts.blocked | await blocks.blocked(connection, sorted(customers), now))
    addresses = {c.address for c in begins if c.address}
    if addresses:
        facts = facts._replace(shut=await blocks.shut(connection, addresses, now))
    if found.kin:
        facts = await _of_people(connection, commands, before, found, facts)
    return facts


async def _of_people(
    connection: Connection,
    commands: Sequence[Command],
    before: Mapping[int, Conversation],
    found: Companions,
    facts: Facts,
) -> Facts:
    people = sorted(set().union(*found.kin.values()))
    owned = await rows.belongings(connection, people)
    if not set().union(*owned.values()) <= before.keys():
        raise Moved
    wanted = {
        c.customer_id
        for command in commands
        if isinstance(command, BlockCustomer) and command.address
        if (c := before.get(command.conversation_id)) is not None
    }
    known = await rows.addresses(connection, sorted(wanted)) if wanted else {}
    return facts._replace(belongings={**facts.belongings, **owned}, addresses=known)


def _is_closed(before: Mapping[int, Conversation], command: WriteMessage) -> bool:
    conversation = before.get(command.conversation_id)
    return conversation is not None and conversation.state == "closed"


async def _look_up_wishes(
    connection: Connection, commands: Sequence[Command], facts: Facts, now: datetime
) -> Facts:
    """What is asked of the customer after the end, and what they ask for."""
    rated = sorted({c.conversation_id for c in commands if isinstance(c, Rate)})
    if rated:
        facts = facts._replace(surveys=await surveys.of(connection, rated))
    wanted = sorted({c.conversation_id for c in commands if isinstance(c, SendTranscript)})
    if wanted:
        asked = await rows.transcripts(connection, wanted, now - timedelta(days=1))
        facts = facts._replace(transcripts=asked)
    return facts


class _Asking(NamedTuple):
    """Who asks for what, as far as facts depend on it."""

    insiders: set[tuple[int, int]]
    """(conversation, staff id) of those who see it now, and may not any more when their turn in the batch comes."""
    strangers: set[tuple[int, int]]
    writers: set[int]
    """Customers who write on a closed chat."""
    revived: set[int]
    """Closed tickets their customers write on."""
    mailed: set[int]
    """Customers to whom a mail may go: staff write on something closed, a ticket or what goes on by mail, or somebody
    wants a transcript."""
    reached: set[tuple[int, str]]
    """(customer, channel) to whom something may go out over a channel with an outbox."""


def _who_asks(
    commands: Sequence[Command], before: Mapping[int, Conversation], channels: Mapping[str, ChannelRules]
) -> _Asking:
    asking = _Asking(set(), set(), set(), set(), set(), set())
    for command in commands:
        if isinstance(command, Beginning) or (c := before.get(command.conversation_id)) is None:
            continue
        if isinstance(command, SendTranscript):
            asking.mailed.add(c.customer_id)
        if isinstance(command.actor, Staff):
            group = asking.insiders if may_see(command.actor, c) else asking.strangers
            group.add((c.id, command.actor.id))
            if group is asking.insiders and _may_need_email(command, c):
                asking.mailed.add(c.customer_id)
            if isinstance(command, SENDS) and rules_of(channels, c.channel).outbox:
                asking.reached.add((c.customer_id, c.channel))
        elif isinstance(command, WriteMessage) and c.state == "closed":
            if c.kind == "chat":
                asking.writers.add(c.customer_id)
            else:
                asking.revived.add(c.id)
    return asking


def _may_need_email(command: Command, conversation: Conversation) -> bool:
    if isinstance(command, LinkTicket):
        return True
    return isinstance(command, WriteMessage) and (
        conversation.state == "closed" or conversation.kind == "ticket" or conversation.channel == "email"
    )
