"""How it all ended: what the desk shows of every customer on WhatsApp, folded as screens fold it; and what must hold."""

from datetime import datetime
from typing import Any, NamedTuple

from deskbell.domain.ticks import ORDER
from tests.flows.town import Town
from whatsapp_sim.state import Message

LOST = ("failed", "unknown")

_LINES = """
SELECT e.seq, e.kind, e.author, e.client_id, e.text, e.data, d.state, d.error FROM entry e
LEFT JOIN dispatch d USING (conversation_id, seq) WHERE e.conversation_id = $1 ORDER BY e.seq"""
_ABOUT = """
SELECT v.kind, v.state, c.last_in_at FROM conversation v JOIN contact c USING (customer_id) WHERE v.id = $1"""

Shown = dict[str, Any]


class End(NamedTuple):
    """Of customer `who`. `theirs` and `ours`: messages in the order of the thread, by name."""

    who: str
    kind: str
    state: str
    last_in_at: datetime
    theirs: list[tuple[str, Shown]]
    ours: list[tuple[str, Shown]]


async def end_of(town: Town, who: str) -> End:
    number = await town.number(who)
    assert number is not None, f"{who} wrote and is not there"
    about = await town.pool.fetchrow(_ABOUT, number)
    assert about is not None
    found: dict[int, tuple[bool, str, Shown]] = {}
    for seq, kind, author, client_id, text, data, tick, error in await town.pool.fetch(_LINES, number):
        if kind == "message":
            name, customers = (text, True) if author == "customer" else (client_id, False)
            shown = (
                {"text": text, "tick": tick, "error": error, "told": []} if not customers else {"text": text}
            )
            found[seq] = (customers, name, shown)
        elif "seq" in (data or {}):
            _fold(found[data["seq"]][2], data)
    theirs = [(name, shown) for customers, name, shown in found.values() if customers]
    ours = [(name, shown) for customers, name, shown in found.values() if not customers]
    return End(who, about[0], about[1], about[2], theirs, ours)


def _fold(shown: Shown, data: Shown) -> None:
    """What became of a message. Of one that was withdrawn nothing is shown any more."""
    match data["name"]:
        case "edited":
            shown["text"] = data["text"]
        case "reacted":
            shown["emoji"] = data["emoji"]
        case "withdrawn":
            shown["withdrawn"] = True
        case "attached":
            shown.setdefault("files", []).extend(file["name"] for file in data["files"])
        case "not_sent" | "fate_unknown":
            shown["told"].append((data["name"], data["why"]))
    if "withdrawn" in shown:
        for name in set(shown) - {"withdrawn"}:
            del shown[name]


async def check_nothing_waits(town: Town) -> None:
    """But words about copies of messages that somebody sent again: those are not known any more."""
    rows = await town.pool.fetch("SELECT key, state FROM arrival WHERE state <> 'done'")
    forgotten = {one.wamid for name in town.again for one in town.sent(name)}
    assert not [row for row in rows if row["key"].split(":")[1] not in forgotten], rows
    assert await town.pool.fetchval("SELECT count(*) FROM coming_file") == 0
    assert not {"waiting", "sending"} & set(town.ticks.values())


def check(town: Town, end: End, written: list[str]) -> None:
    """`written`: the names of all that the customer ever wrote."""
    names = {named: name for name, named in town.named.items()}
    came = [names[named] for named in town.mail.order[town.sim.world.users[end.who].user_id]]
    assert [name for name, _ in end.theirs] == came
    assert sorted(came) == sorted(written)
    taken, arrived = list(town.sim.world.messages), []
    for name, shown in end.ours:
        _check_ours(town, name, shown)
        if name not in town.unsure and name not in town.again:
            arrived += [taken.index(one.wamid) for one in town.sent(name)]
    assert arrived == sorted(arrived), "they came in another order than they were written"


def _check_ours(town: Town, name: str, shown: Shown) -> None:
    """It is there, or the thread says that it is not, or perhaps not, and why."""
    if shown["tick"] in LOST:
        told = "not_sent" if shown["tick"] == "failed" else "fate_unknown"
        assert shown["error"]
        assert [why for what, why in shown["told"] if what == told and why]
    sent = [_told(town, one) for one in town.sent(name)]
    if name in town.again:
        assert sent or shown["tick"] in LOST
        return
    whole = len(sent) == parts_of(town, name)
    if shown["tick"] == "unknown":
        assert not whole
    elif shown["tick"] == "failed":
        assert not whole or "failed" in sent
    else:
        assert whole
        assert shown["tick"] == min(sent, key=ORDER.index)


def parts_of(town: Town, name: str) -> int:
    """How many a message consists of; it may not be cut yet."""
    return max(1, len({mark.part for mark in town.marks.values() if mark.name == name}))


def _told(town: Town, message: Message) -> str:
    """As far as WhatsApp has said that it got."""
    return max({"sent"} | town.mail.told.get(message.wamid, set()), key=ORDER.index)


def is_settled(town: Town, name: str, shown: Shown) -> bool:
    """WhatsApp took it, once, and has told everything of it."""
    if shown["tick"] in LOST or name in town.again:
        return False
    return all(_told(town, one) == one.state for one in town.sent(name))


def compare(end: End, plain: End, settled: set[str], again: set[str], *, overtaken: bool) -> None:
    """With the end of the same story without anything that goes wrong.

    What may differ: the order in which a customer's messages came (late webhooks); the state, where one came after a
    close that was written before it (it revives); the ticks of what WhatsApp did not take or did not tell of; and what
    became of messages that are there twice because a person wanted it.
    """
    assert sorted(end.theirs, key=_name) == sorted(plain.theirs, key=_name)
    assert end.last_in_at == plain.last_in_at
    ours, there = dict(end.ours), dict(plain.ours)
    if not overtaken:
        assert (end.kind, end.state) == (plain.kind, plain.state)
        assert list(ours) == list(there)
    for name in ours.keys() & there.keys():
        assert ours[name]["text"] == there[name]["text"]
        assert name in again or ours[name].get("emoji") == there[name].get("emoji")
        assert name not in settled or ours[name]["tick"] == there[name]["tick"], name


def _name(message: tuple[str, Shown]) -> str:
    return message[0]
