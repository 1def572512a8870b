"""Fills an empty desk with the demo: one transaction, once, in well under a second."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from deskbell.desk.demo import around, people
from deskbell.desk.demo.history import Life, Teller
from deskbell.desk.demo.pictures import Drawn, draw
from deskbell.desk.demo.talks import Talk, read_talks
from deskbell.domain.channels import BUILT_IN, ChannelRules
from deskbell.domain.conversation import Entry
from deskbell.domain.facts import Facts, FileFact
from deskbell.domain.people import Staff
from deskbell.kit import ids
from deskbell.kit.clock import Clock
from deskbell.kit.files import FileStore, preview_id
from deskbell.kit.tokens import Passwords
from deskbell.store import closing_tags, demo_visits, departments, labels, sites, staff
from deskbell.store import demo as rows
from deskbell.store.demo import Filling
from deskbell.store.types import Database, Pool

FIRST_NUMBER = 1041
READ_AFTER = timedelta(seconds=12)


class Picture(NamedTuple):
    id: str
    customer_id: int
    name: str
    drawn: Drawn


async def fill(pool: Pool, clock: Clock, files: FileStore, passwords: Passwords) -> bool:
    """True if it was filled now; False if the desk has anybody on its staff already."""
    if await staff.anybody(pool):
        return False
    hashed = await passwords.hash(people.PASSWORD)
    now, random = clock.now(), Random(7)  # the same talk at every start
    talks = read_talks()
    pictures = _pictures(talks)
    async with pool.acquire() as connection, connection.transaction():
        await rows.lock(connection)
        if await staff.anybody(connection):
            return False
        teller = await _desk(connection, now, random, hashed, pictures)
        lives = _lives(talks, teller)
        await rows.save(connection, _filling(talks, lives, pictures, teller.staff, now))
        await around.add(connection, lives, teller, now)
        await demo_visits.add(connection, teller.site_id)
    for picture in pictures:
        await files.put(picture.id, picture.drawn.png)
        await files.put(preview_id(picture.id), picture.drawn.webp)
    return True


async def is_there(pool: Pool) -> bool:
    """Whether the people of the demo are on the staff, and not those of a real desk."""
    return await staff.credentials(pool, people.STAFF[0].email) is not None


def _pictures(talks: list[Talk]) -> list[Picture]:
    """One for every picture in a talk; customers are numbered like talks, from 1."""
    return [
        Picture(ids.public_id(), number, line.picture, draw(line.picture))
        for number, talk in enumerate(talks, start=1)
        for line in talk.lines
        if line.picture
    ]


async def _desk(db: Database, now: datetime, random: Random, hashed: str, pictures: list[Picture]) -> Teller:
    """Departments, staff, labels and the site; then what the talks need of them."""
    department_ids = {
        name: await departments.add(db, name, about, True) or 0 for name, about in people.DEPARTMENTS
    }
    team = {}
    for person in people.STAFF:
        staff_id = await _hire(db, person, hashed, department_ids, now)
        member_of = frozenset(department_ids[name] for name in person.departments)
        team[person.key] = Staff(staff_id, person.name, person.role, member_of)
    label_ids = await labels.find_or_make(db, [name for name, _ in people.LABELS])
    await rows.color_labels(db, dict(people.LABELS))
    site = await sites.add(db, _site())
    facts = Facts(
        {person.id: person.name for person in team.values()},
        {department_id: name for name, department_id in department_ids.items()},
        {label_id: name for name, label_id in label_ids.items()},
        {picture.id: _fact(picture) for picture in pictures},
        active=frozenset(person.id for person in team.values()),
        closing_tags=await _closing_tags(db),
        online={person.id: person.departments for person in team.values()},
        channels={**BUILT_IN, "whatsapp": ChannelRules("WhatsApp", outbox=True)},
    )
    known = {(picture.customer_id, picture.name): picture.id for picture in pictures}
    return Teller(facts, team, department_ids, label_ids, known, site.id, now, random)


async def _closing_tags(db: Database) -> dict[int, str]:
    tags = [await closing_tags.add(db, name) for name in people.CLOSING_TAGS]
    return {tag.id: tag.name for tag in tags if tag is not None}


async def _hire(
    db: Database, person: people.Person, hashed: str, department_ids: dict[str, int], now: datetime
) -> int:
    added = await staff.add(
        db,
        email=person.email,
        name=person.name,
        role=person.role,
        password_hash=hashed,
        max_chats=person.max_chats,
        now=now - timedelta(days=200),
    )
    assert added is not None  # the addresses of people.py differ
    await staff.change(db, added, {"available": True})
    await staff.set_departments(db, added, [department_ids[name] for name in person.departments])
    return added


def _site() -> dict[str, Any]:
    return {
        "key": people.SITE_KEY,
        "name": "Fjord & Pine",
        "active": True,
        "allowed_origins": ["*"],
        "departments": [],
        "look": people.LOOK,
        "texts": people.TEXTS,
        "form": people.FORM,
    }


def _fact(picture: Picture) -> FileFact:
    drawn = picture.drawn
    view = {
        "id": picture.id,
        "name": picture.name,
        "size": len(drawn.png),
        "type": "image/png",
        "width": drawn.width,
        "height": drawn.height,
        "preview": True,
    }
    return FileFact(picture.id, "customer", picture.customer_id, None, view)


def _lives(talks: list[Talk], teller: Teller) -> list[Life]:
    """The oldest talk has the smallest number."""
    order = sorted(range(len(talks)), key=lambda n: talks[n].age, reverse=True)
    number_of = {n: FIRST_NUMBER + place for place, n in enumerate(order)}
    return [teller.live(talk, number_of[n], n + 1) for n, talk in enumerate(talks)]


def _filling(
    talks: list[Talk], lives: list[Life], pictures: list[Picture], team: dict[str, Staff], now: datetime
) -> Filling:
    customers, conversations, entries, seen = [], [], [], []
    for number, (talk, life) in enumerate(zip(talks, lives, strict=True), start=1):
        marked, thread = _marked(talk, life)
        customers.append(_customer(number, talk, marked))
        conversations.append(marked)
        entries += thread
        if marked["opened_at"]:
            seen.append(_seen(talk, life))
    where = {life.conversation.customer_id: life.conversation.id for life in lives}
    files = [
        {
            **_fact(picture).view,
            "owner": "customer",
            "owner_id": picture.customer_id,
            "conversation_id": where[picture.customer_id],
            "created_at": now,
        }
        for picture in pictures
    ]
    return Filling(customers, conversations, entries, seen, files, _told(lives), _notes(talks, lives, team))


def _told(lives: list[Life]) -> list[dict[str, Any]]:
    """What stands under people's bells, oldest first."""
    told = sorted((one for life in lives for one in life.told), key=lambda one: one[1])
    return [
        {**notification._asdict(), "id": number, "at": at}
        for number, (notification, at) in enumerate(told, start=1)
    ]


def _notes(talks: list[Talk], lives: list[Life], team: dict[str, Staff]) -> list[dict[str, Any]]:
    """Notes on customers' profiles (TEAM-7)."""
    notes: list[dict[str, Any]] = []
    for talk, life in zip(talks, lives, strict=True):
        if (said := talk.deed("note")) is not None:
            who, _, text = said.partition(" ")
            number = len(notes) + 1
            notes.append(
                {
                    "id": number,
                    "customer_id": life.conversation.customer_id,
                    "staff_id": team[who].id,
                    "client_id": f"note-{number}",
                    "text": text,
                    "at": life.entries[-1].at,
                }
            )
    return notes


def _customer(number: int, talk: Talk, conversation: dict[str, Any]) -> dict[str, Any]:
    first, _, last = talk.customer.lower().replace(" ", ".").partition(".")
    phone = talk.deed("whatsapp")
    return {
        "id": number,
        "name": talk.customer,
        "email": f"{first}.{last.replace('.', '')}@example.com" if number % 5 and not phone else "",
        "email_verified": False,
        "phone": f"+{phone}" if phone else "",
        "locale": "en",
        "fields": {},
        "last_agent_id": conversation["owner_id"],
        "created_at": conversation["created_at"],
    }


def _marked(talk: Talk, life: Life) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The conversation with its marks, and its entries with the time the customer read each answer (CHAT-3)."""
    row = life.conversation._asdict()
    agents = life.conversation.last_agent_seq
    read = (
        life.conversation.last_customer_seq
        if talk.mark == "delivered"
        else max(agents, row["last_customer_seq"])
    )
    row["customer_read"], row["customer_delivered"] = read, max(read, agents)
    if row["opened_at"] or row["closed_at"]:
        row["agent_delivered"] = row["last_customer_seq"]
        row["agent_read"] = _agent_read(talk, life)
    return row, [entry._asdict() | {"read_at": _read_at(entry, read)} for entry in life.entries]


def _agent_read(talk: Talk, life: Life) -> int:
    """All, or up to the owner's own last answer while newer lines wait unread."""
    conversation = life.conversation
    return conversation.last_agent_seq if talk.mark == "unread" else conversation.last_customer_seq


def _read_at(entry: Entry, read: int) -> datetime | None:
    answered = entry.kind == "message" and entry.author == "agent"
    return entry.at + READ_AFTER if answered and entry.seq <= read else None


def _seen(talk: Talk, life: Life) -> dict[str, Any]:
    """How far its owner has looked: blue dots where newer lines wait (LIST-3)."""
    conversation = life.conversation
    unread = talk.mark == "unread"
    seq = conversation.last_agent_seq if unread else conversation.last_seq
    before = [e for e in life.entries if e.kind == "message" and e.author == "customer" and e.seq <= seq]
    return {
        "staff_id": conversation.owner_id,
        "conversation_id": conversation.id,
        "seq": seq,
        "customer_messages": len(before),
    }
