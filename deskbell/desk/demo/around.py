"""What is around the talks of the demo: a block, a linked ticket and profiles, by the rules of the desk."""

from datetime import datetime

from deskbell.desk.demo import people
from deskbell.desk.demo.history import Life, Teller
from deskbell.domain.commands import BlockCustomer, Command, LinkTicket
from deskbell.domain.conversation import Conversation
from deskbell.domain.facts import Facts
from deskbell.domain.lifecycle import decide
from deskbell.kit.postgres import Connection
from deskbell.store import changes, customer_fields, demo_channels, profiles, standing
from deskbell.store.changes import Saving
from deskbell.store.types import to_json


async def add(connection: Connection, lives: list[Life], teller: Teller, now: datetime) -> None:
    """Inside the filling transaction, once the talks are there."""
    sofia, mia = teller.staff["sofia"], teller.staff["mia"]
    closed = [life.conversation for life in lives if life.conversation.state == "closed"]
    rude = max((c for c in closed if c.kind == "chat" and c.owner_id), key=lambda c: c.closed_at or now)
    await _do(connection, rude, BlockCustomer(rude.id, sofia, "demo-block", people.RUDE), teller.facts, now)
    mine = [life.conversation for life in lives if life.conversation.state == "live"]
    chat = min((c for c in mine if c.owner_id == mia.id and c.opened_at), key=lambda c: c.id)
    (number,) = await changes.new_ids(connection, 1)
    facts = teller.facts._replace(numbers={(chat.id, mia.id, "demo-link"): number})
    link = LinkTicket(
        chat.id,
        mia,
        "demo-link",
        subject="Care card for the Fjell blanket",
        text="She runs a small hotel and asks how to wash and iron. Put the printed card into her next parcel.",
        department_id=teller.departments["Delivery"],
        labels=(teller.labels["delivery"],),
        priority="high",
        email="reception@pension-fjell.example",
    )
    await _do(connection, chat, link, facts, now)
    await _profiles(connection, chat.customer_id, teller)
    await demo_channels.sent(connection)


async def _do(
    connection: Connection, conversation: Conversation, command: Command, facts: Facts, now: datetime
) -> None:
    change = decide(conversation, command, facts, now)
    after = {c.id: c for c in (change.conversation, *change.others)}
    saving = Saving({conversation.id: conversation}, after, change.entries, (), (), {}, {}, ())
    await changes.save(connection, saving)
    if change.standing is not None:
        await standing.save(connection, [change.standing], now)


async def _profiles(connection: Connection, customer_id: int, teller: Teller) -> None:
    """Own fields, and one customer of whom much is known."""
    for key, label, kind in people.CUSTOMER_FIELDS:
        await customer_fields.add(connection, key, label, kind)
    await profiles.label(connection, customer_id, [teller.labels["vip"], teller.labels["wholesale"]], [])
    await profiles.set_emails(connection, customer_id, ["office@pension-fjell.example"])
    await profiles.set_fields(connection, customer_id, to_json({"rooms": "24", "season": "May to September"}))
    await connection.execute(
        "UPDATE customer SET company = 'Pension Fjell', phone = '+47 22 00 00 00' WHERE id = $1", customer_id
    )
