"""One talk of the demo lived through by the same rules as a real one: commands at past moments, entries as they come."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from deskbell.desk.demo.talks import Line, Talk
from deskbell.domain.commands import (
    AcceptTicket,
    AddComment,
    Assign,
    ChangeLabels,
    CloseConversation,
    Command,
    FlagChat,
    KeepWaiting,
    OfferTransfer,
    SetPending,
    StartChat,
    TurnIntoTicket,
    WriteMessage,
)
from deskbell.domain.conversation import Change, Conversation, Entry, Notification
from deskbell.domain.facts import Facts
from deskbell.domain.lifecycle import begin, decide
from deskbell.domain.people import SYSTEM, Customer, Staff
from deskbell.kit.html import rich

SILENCE = timedelta(hours=2)
NIGHT = timedelta(hours=8)


@dataclass
class Life:
    """A conversation with its thread, as far as it has been lived."""

    conversation: Conversation
    facts: Facts
    entries: list[Entry] = field(default_factory=list)
    told: list[tuple[Notification, datetime]] = field(default_factory=list)

    def apply(self, command: Command, now: datetime) -> None:
        change = decide(self.conversation, command, self.facts, now)
        self.add(change)
        self.told += [(notification, now) for notification in change.notifications]

    def add(self, change: Change) -> None:
        self.conversation = change.conversation
        self.entries += change.entries


@dataclass
class Teller:
    """What every talk needs. `files`: the id of each picture that was stored for a customer, by (customer, name)."""

    facts: Facts
    staff: dict[str, Staff]
    departments: dict[str, int]
    labels: dict[str, int]
    files: dict[tuple[int, str], str]
    site_id: int
    now: datetime
    random: Random

    def live(self, talk: Talk, conversation_id: int, customer_id: int) -> Life:
        """Begin, answer and end a talk so that its last line was `talk.age` ago."""
        steps = self._moments(talk)
        first, *rest = talk.lines
        moment = next(steps)
        life = self._begin(first, talk, conversation_id, Customer(customer_id), moment)
        self._hand_over(life, talk, moment)
        for line in rest:
            author = self.staff[talk.owner] if line.by == "A" else Customer(customer_id)
            self._say(life, line, author, next(steps))
        self._finish(life, talk, customer_id)
        return life

    def _moments(self, talk: Talk) -> Iterator[datetime]:
        """One per line, the last `age` ago. The first answer to a ticket comes the next morning."""
        gaps = [timedelta(seconds=self.random.randint(20, 140)) for _ in talk.lines[1:]]
        if talk.state.startswith("ticket-") and gaps and talk.owner != "-":
            gaps[0] += NIGHT
        moment = self.now - talk.age - sum(gaps, timedelta())
        yield moment
        for gap in gaps:
            moment += gap
            yield moment

    def _begin(self, line: Line, talk: Talk, conversation_id: int, customer: Customer, now: datetime) -> Life:
        start = StartChat(
            actor=customer,
            client_id=f"demo-{conversation_id}",
            channel="whatsapp" if talk.deed("whatsapp") else "web",
            site_id=None if talk.deed("whatsapp") else self.site_id,
            department_id=self.departments.get(talk.department),
            text=line.text,
        )
        change = begin(conversation_id, start, self.facts, now)
        facts = self.facts._replace(reach={(customer.id, "whatsapp"): now})
        return Life(change.conversation, facts, list(change.entries))

    def _hand_over(self, life: Life, talk: Talk, begun: datetime) -> None:
        """To its agent at once, to the queue, or to the tickets."""
        number, soon = life.conversation.id, begun + timedelta(seconds=1)
        if talk.state == "queued":
            life.apply(KeepWaiting(number, SYSTEM), soon)
        elif talk.state.startswith("ticket-"):
            life.apply(TurnIntoTicket(number, "no agent is available", SYSTEM), soon)
            if talk.owner != "-":
                life.apply(AcceptTicket(number, self.staff[talk.owner], f"accept-{number}"), soon + NIGHT)
        else:
            chats = self.random.randint(1, 4)
            why = f"fewest live chats ({chats - 1})"
            life.apply(Assign(number, self.staff[talk.owner].id, why, chats, SYSTEM), soon)

    def _say(self, life: Life, line: Line, author: Staff | Customer, now: datetime) -> None:
        number = life.conversation.id
        formatted = rich(line.html) if line.html else None
        picture = self.files.get((author.id, line.picture)) if line.picture else None
        life.apply(
            WriteMessage(
                number,
                author,
                f"demo-{number}-{len(life.entries)}",
                formatted.text if formatted else line.text,
                formatted.html if formatted else None,
                (picture,) if picture else (),
            ),
            now,
        )

    def _finish(self, life: Life, talk: Talk, customer_id: int) -> None:
        number, last = life.conversation.id, life.entries[-1].at
        if talk.labels and talk.owner != "-":
            labels = tuple(self.labels[label] for label in talk.labels)
            owner = self.staff[talk.owner]
            life.apply(
                ChangeLabels(number, owner, f"labels-{number}", labels, ()), last + timedelta(seconds=5)
            )
        elif talk.labels:
            labels = tuple(self.labels[label] for label in talk.labels)
            life.conversation = life.conversation._replace(labels=labels)
        soon, how = last + timedelta(seconds=40), talk.state.rpartition("-")[2]
        if talk.state == "closed-customer":
            life.apply(CloseConversation(number, Customer(customer_id), f"close-{number}"), soon)
        elif talk.state == "closed-system":
            reason = "no answer from the customer for 2 hours"
            life.apply(CloseConversation(number, SYSTEM, None, reason), last + SILENCE)
        elif talk.state in ("closed-agent", "ticket-closed") and how in ("agent", "closed"):
            life.apply(self._closing(talk, number), soon)
        self._act(life, talk, last)

    def _closing(self, talk: Talk, number: int) -> CloseConversation:
        """By hand, with what was said in the closing dialog (LIFE-12)."""
        owner, said = self.staff[talk.owner], talk.deed("close")
        if said is None:
            return CloseConversation(number, owner, f"close-{number}")
        sentiment, _, tag = said.partition(" ")
        tags = {name: tag_id for tag_id, name in self.facts.closing_tags.items()}
        return CloseConversation(number, owner, f"close-{number}", sentiment=sentiment, tag=tags[tag])

    def _act(self, life: Life, talk: Talk, last: datetime) -> None:
        """What was done after the last line, half a minute apart."""
        number = life.conversation.id
        for n, (what, rest) in enumerate(talk.deeds, start=1):
            name = f"deed-{number}-{n}"
            owner = self.staff[talk.owner]
            who, _, text = rest.partition(" ")
            command: Command
            match what:
                case "flag":
                    command = FlagChat(number, owner, name, True)
                case "pending":
                    command = SetPending(number, owner, name, True)
                case "transfer":
                    command = OfferTransfer(number, owner, name, self.staff[who].id, None, text)
                case "comment":
                    named = [person.id for key, person in self.staff.items() if f"@{key}" in text]
                    for key, person in self.staff.items():
                        text = text.replace(f"@{key}", f"@{person.name}")
                    command = AddComment(number, self.staff[who], name, text, tuple(named))
                case _:
                    continue
            life.apply(command, last + n * timedelta(seconds=30))
