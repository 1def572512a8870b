"""Judges a torture run from the clients' journals and the final threads; knows nothing of the server's code.

A journal is a list of records of one client, in its own order. A record is a dict with `at` (monotonic
seconds) and `what`:

    sent     op, c (null for a start), text, do "send"|"start"|"close", via (a connection's name or "http")
    ack      op, c, seq, dup, via
    nack     op, code, retry (bool), via
    entry    c, seq, prev (null for staff), kind, by, id, text, how "live"|"resumed"|"fetched", via
    hole     c, have, next                 a live entry did not follow the one before it
    settled  watching [c]                  the storm is over, every outbox is empty, the socket is still open
    finished watching [c]                  the same after one last resume

The final threads are `{c: [entry, ...]}` as the public HTTP API gives them to staff, each entry with seq,
kind, by, id, text.

    lost        an acknowledged (conversation, seq, id) that is not in the final thread, or with other text
    doubled     one client id or one sent text twice in the final threads; one start that made two
                conversations; one entry pushed twice over one connection; a refused command carried out
    reordered   a sender's messages stand in another order than it sent them (see `_order`); a connection
                pushed a seq after a higher one; two observers, or an observer and the final thread, disagree
    holes       a seq missing in 1..n of a final thread; an entry missing in the view of a client that watched
                the conversation when all had settled (a socket delivers everything or is closed), or after
                its last resume (which must be complete, events included)
    unresolved  a command that was never answered, or refused for good without a reason in the story
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Record = Mapping[str, Any]
Journal = Sequence[Record]
Threads = Mapping[int, Sequence[Record]]

KINDS = ("lost", "doubled", "reordered", "holes", "unresolved")
EXPECTED_REFUSALS = frozenset({"closed"})
"""Final answers that the story explains: the other side ended the chat while the message was on its way."""


@dataclass
class Verdict:
    """What was found. `findings` holds one sentence per defect, by kind."""

    acknowledged: int = 0
    refused: int = 0
    loose_pairs: int = 0
    mended: int = 0
    findings: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    @property
    def good(self) -> bool:
        return self.acknowledged > 0 and not any(self.findings.values())

    def add(self, kind: str, sentence: str) -> None:
        self.findings[kind].append(sentence)

    def line(self) -> str:
        """The last line of a run."""
        counts = ", ".join(f"{kind} {len(self.findings[kind])}" for kind in KINDS)
        return f"acknowledged {self.acknowledged}, {counts}"


@dataclass
class Command:
    """One thing a client wanted, over all its attempts."""

    op: str
    do: str
    text: str
    c: int | None
    sent: list[tuple[float, str]] = field(default_factory=list)
    acks: list[Record] = field(default_factory=list)
    retries: list[float] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def check(journals: Mapping[str, Journal], threads: Threads) -> Verdict:
    """Judge `journals` by client name against the final `threads`."""
    verdict = Verdict()
    commands = {who: _commands(journal) for who, journal in journals.items()}
    for who, wanted in commands.items():
        _answers(verdict, who, wanted, threads)
        _order(verdict, who, wanted)
    _once(verdict, commands, threads)
    _numbers(verdict, threads)
    for who, journal in journals.items():
        _pushes(verdict, who, journal)
        _views(verdict, who, journal, threads)
        verdict.mended += sum(1 for record in journal if record["what"] == "hole")
    _agreement(verdict, journals, threads)
    return verdict


def _commands(journal: Journal) -> dict[str, Command]:
    found: dict[str, Command] = {}
    for record in journal:
        what = record["what"]
        if what == "sent":
            new = Command(record["op"], record["do"], record["text"], record["c"])
            found.setdefault(record["op"], new).sent.append((record["at"], record["via"]))
        elif what == "ack":
            found[record["op"]].acks.append(record)
        elif what == "nack" and record["retry"]:
            found[record["op"]].retries.append(record["at"])
        elif what == "nack":
            found[record["op"]].refusals.append(record["code"])
    return found


def _answers(verdict: Verdict, who: str, commands: Mapping[str, Command], threads: Threads) -> None:
    """Lost and unresolved; a refused command that took place; a start answered with two conversations."""
    for command in commands.values():
        name = f"{who}: {command.do} {command.op}"
        if command.acks:
            verdict.acknowledged += 1
            for ack in command.acks:
                _stored(verdict, name, command, ack, threads)
            if len({ack["c"] for ack in command.acks}) > 1:
                verdict.add("doubled", f"{name} was answered with two conversations")
        elif command.refusals:
            if set(command.refusals) <= EXPECTED_REFUSALS:
                verdict.refused += 1
            else:
                verdict.add("unresolved", f"{name} was refused: {command.refusals[-1]}")
            if command.text and any(_holding(threads, command.text)):
                verdict.add("doubled", f"{name} was refused and yet stored")
        else:
            verdict.add("unresolved", f"{name} was never answered ({len(command.sent)} attempts)")


def _stored(verdict: Verdict, name: str, command: Command, ack: Record, threads: Threads) -> None:
    thread = threads.get(ack["c"])
    told = f"{name} was acknowledged as {ack['c']}/{ack['seq']}"
    if thread is None:
        verdict.add("lost", f"{told}, but there is no such conversation")
        return
    entry = next((e for e in thread if e["seq"] == ack["seq"]), None)
    if command.do == "send":
        if entry is None or entry["id"] != command.op or entry["text"] != command.text:
            verdict.add("lost", f"{told}, but there stands {_words(entry)}")
    elif command.do == "close":
        if entry is None:
            verdict.add("lost", f"{told}, but nothing stands there")
    elif command.text and not any(e["text"] == command.text for e in thread):
        verdict.add("lost", f"{told}, but its first message is not there")


def _words(entry: Record | None) -> str:
    return f"{entry['kind']} {entry['id']} {entry['text']!r}" if entry else "nothing"


def _holding(threads: Threads, text: str) -> Iterator[int]:
    return (c for c, thread in threads.items() for entry in thread if entry["text"] == text)


def _order(verdict: Verdict, who: str, commands: Mapping[str, Command]) -> None:
    """A message first sent before another one stands before it.

    One pair is loose: the earlier message was told to come again (nack with retry) after the later one had
    gone out, or may have been told so on a connection that broke; it may have been only if its final answer
    was fresh (no `dup`) and its last attempt came after the later one had gone out. They are counted apart.
    """
    by_thread: defaultdict[int, list[Command]] = defaultdict(list)
    for command in commands.values():
        if command.do == "send" and command.acks:
            by_thread[command.acks[-1]["c"]].append(command)
    for sends in by_thread.values():
        sends.sort(key=lambda command: command.sent[0][0])
        highest = sends[0]
        for later in sends[1:]:
            if later.acks[-1]["seq"] > highest.acks[-1]["seq"]:
                highest = later
            elif _loose(highest, later):
                verdict.loose_pairs += 1
            else:
                verdict.add(
                    "reordered", f"{who}: {later.op} was sent after {highest.op} and stands before it"
                )


def _loose(earlier: Command, later: Command) -> bool:
    gone_out = later.sent[0][0]
    told = any(at > gone_out for at in earlier.retries)
    fresh = not any(ack["dup"] for ack in earlier.acks)
    return told or (fresh and earlier.sent[-1][0] > gone_out)


def _once(verdict: Verdict, commands: Mapping[str, Mapping[str, Command]], threads: Threads) -> None:
    mine = {op for wanted in commands.values() for op in wanted}
    texts = {c.text for wanted in commands.values() for c in wanted.values() if c.text}
    messages = [entry for thread in threads.values() for entry in thread if entry["kind"] == "message"]
    ids = Counter(entry["id"] for entry in messages if entry["id"] in mine)
    held = Counter(entry["text"] for entry in messages if entry["text"] in texts)
    doubled = {op: f"the id {op} stands {n} times in the final threads" for op, n in ids.items() if n > 1}
    owner = {entry["text"]: entry["id"] for entry in messages}
    for text, n in held.items():
        if n > 1 and owner[text] not in doubled:
            verdict.add("doubled", f"the text {text!r} stands {n} times in the final threads")
    for sentence in doubled.values():
        verdict.add("doubled", sentence)


def _numbers(verdict: Verdict, threads: Threads) -> None:
    for c, thread in threads.items():
        seqs = [entry["seq"] for entry in thread]
        for missing in sorted(set(range(1, max(seqs, default=0) + 1)) - set(seqs)):
            verdict.add("holes", f"conversation {c} has no entry {missing}")
        if len(seqs) != len(set(seqs)):
            verdict.add("doubled", f"conversation {c} has a number twice")


def _pushes(verdict: Verdict, who: str, journal: Journal) -> None:
    """Each connection pushes the live entries of a conversation once and upwards."""
    seen: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for record in journal:
        if record["what"] != "entry" or record["how"] != "live":
            continue
        before = seen[(record["via"], record["c"])]
        seq = record["seq"]
        if before and seq <= before[-1]:
            kind = "doubled" if seq in before else "reordered"
            verdict.add(kind, f"{who}: {record['via']} pushed {record['c']}/{seq} after {before[-1]}")
        before.append(seq)


def _views(verdict: Verdict, who: str, journal: Journal, threads: Threads) -> None:
    """What a client held when all had settled, and after its last resume."""
    view: defaultdict[int, dict[int, Record]] = defaultdict(dict)
    for record in journal:
        if record["what"] == "entry":
            view[record["c"]][record["seq"]] = record
        elif record["what"] in ("settled", "finished"):
            for c in record["watching"]:
                events_too = record["what"] == "finished"
                for missing in _missing(view[c], threads.get(c, ()), events_too=events_too):
                    verdict.add("holes", f"{who}: {record['what']} without {c}/{missing}")


def _missing(view: Mapping[int, Record], thread: Iterable[Record], *, events_too: bool) -> Iterator[int]:
    """Numbers a client should hold and does not: all messages, and what a held entry names as before it."""
    for entry in thread:
        if entry["kind"] == "message" and entry["seq"] not in view:
            yield entry["seq"]
    if not events_too:
        return
    messages = {entry["seq"] for entry in thread if entry["kind"] == "message"}
    for seq, record in sorted(view.items()):
        before = seq - 1 if record["prev"] is None else record["prev"]
        if before > 0 and before not in view and before not in messages:
            yield before


def _agreement(verdict: Verdict, journals: Mapping[str, Journal], threads: Threads) -> None:
    """All observers and the final thread say the same about an entry."""
    final = {(c, entry["seq"]): _content(entry) for c, thread in threads.items() for entry in thread}
    told: set[tuple[str, int, int]] = set()
    for who, journal in journals.items():
        for record in journal:
            if record["what"] != "entry" or record["kind"] != "message":
                continue
            key = (record["c"], record["seq"])
            if final.get(key) != _content(record) and (who, *key) not in told:
                told.add((who, *key))
                verdict.add("reordered", f"{who} was shown {_words(record)} as {key[0]}/{key[1]}, others not")


def _content(entry: Record) -> tuple[str, str, str | None, str]:
    return (entry["kind"], entry["by"], entry["id"], entry["text"])
