"""What staff might do next with the conversations they know: pure, from the cards to one action or none."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Act = tuple[str, dict[str, Any]]
Weighed = list[tuple[float, Act]]

OPEN = ("queued", "offered", "live", "pending", "unassigned", "assigned")
WILD = 0.1
CALLED = 0.6


@dataclass(frozen=True)
class Me:
    """Who acts: my number, everybody else's, all departments and my own, whether I supervise, and whose chats I leave."""

    id: int
    colleagues: Sequence[int]
    departments: Sequence[int]
    mine: frozenset[int] = frozenset()
    supervises: bool = False
    leaves: frozenset[int] = frozenset()

    def is_concerned(self, row: Row) -> bool:
        """Whether the rules let me see it because it is mine, offered to me, or names me."""
        transfer = row.get("transfer") or {}
        return (
            self.id in (row.get("owner"), row.get("offered_to"), transfer.get("to"))
            or self.id in row.get("mentioned", ())
            or transfer.get("department") in self.mine
            or (row["state"] == "unassigned" and row.get("department") in (None, *self.mine))
        )


def choose(me: Me, rows: Sequence[Row], chance: random.Random) -> tuple[int, Act] | None:
    """A conversation and what to do with it; now and then something that is sure to be refused."""
    rows = [row for row in rows if row["customer"]["id"] not in me.leaves]
    if rows and chance.random() < WILD:
        return chance.choice(rows)["id"], _wild(me, chance)
    calling = [row for row in rows if _calls(me, row)]
    if calling and chance.random() < CALLED:
        row = chance.choice(calling)
        return row["id"], _pick(_answers(me, row), chance)
    able = [row for row in rows if row["state"] in OPEN and (me.supervises or me.is_concerned(row))]
    if not able:
        return None
    row = chance.choice(able)
    weighed = _supervised(me, row, chance) if me.supervises else _worked(me, row, chance)
    return (row["id"], _pick(weighed, chance)) if weighed else None


def _pick(weighed: Weighed, chance: random.Random) -> Act:
    return chance.choices([act for _, act in weighed], [weight for weight, _ in weighed])[0]


def _calls(me: Me, row: Row) -> bool:
    """It rings, is being handed to me, or waits for anybody."""
    return me.is_concerned(row) and row.get("owner") != me.id and me.id not in row.get("mentioned", ())


def _answers(me: Me, row: Row) -> Weighed:
    if row["state"] == "unassigned":
        return [(1, ("accept", {}))]
    do = "offer_answer" if row.get("offered_to") == me.id else "transfer_answer"
    return [(3, (do, {"accept": True})), (1, (do, {"accept": False}))]


def _comment(me: Me, chance: random.Random) -> Act:
    some = chance.sample(list(me.colleagues), chance.choice((0, 1, 1, 2)))
    return "comment", {"mentions": some}


def _transfer(me: Me, chance: random.Random) -> Act:
    note = {"note": f"psst, for {chance.randrange(10**6)}"}
    if chance.random() < 0.35:
        return "transfer", {"department": chance.choice(me.departments), **note}
    return "transfer", {"agent": chance.choice(me.colleagues), **note}


def _close(chance: random.Random) -> Act:
    return "close", {"sentiment": chance.choice(("negative", "neutral", "positive"))}


def _worked(me: Me, row: Row, chance: random.Random) -> Weighed:
    """What an agent does with a chat or a ticket of their own; on one they are only tagged in, comment."""
    state = row["state"]
    if row.get("owner") != me.id:
        return [(1, _comment(me, chance))] if state in ("live", "pending") else []
    if state == "assigned":
        return [(1, _close(chance))]
    flagged = row.get("flagged_at") is not None
    weighed: Weighed = [
        (4 if flagged else 1.5, ("flag", {"on": not flagged})),
        (2, _comment(me, chance)),
        (0.6, _close(chance)),
    ]
    if row.get("transfer") is not None:
        weighed.append((3, ("transfer_cancel", {})))
    else:
        weighed.append((2.5, _transfer(me, chance)))
    weighed.append((1.5, ("pending", {"on": state == "live"})))
    return weighed


def _supervised(me: Me, row: Row, chance: random.Random) -> Weighed:
    """What a supervisor does with anybody's."""
    weighed: Weighed = [(2, ("assign", {"agent": chance.choice(me.colleagues)}))]
    if row["state"] in ("live", "pending"):
        weighed.append((2, _comment(me, chance)))
        weighed.append((0.5, ("flag", {"on": row.get("flagged_at") is None})))
    if row["state"] == "pending":
        weighed.append((2, ("pending", {"on": False})))
    return weighed


def _wild(me: Me, chance: random.Random) -> Act:
    makers: list[Callable[[], Act]] = [
        lambda: ("flag", {"on": chance.random() < 0.5}),
        lambda: ("pending", {"on": chance.random() < 0.5}),
        lambda: ("transfer_answer", {"accept": chance.random() < 0.5}),
        lambda: ("offer_answer", {"accept": chance.random() < 0.5}),
        lambda: ("transfer_cancel", {}),
        lambda: ("accept", {}),
        lambda: ("assign", {"agent": chance.choice(me.colleagues)}),
        lambda: _transfer(me, chance),
        lambda: _comment(me, chance),
    ]
    return chance.choice(makers)()
