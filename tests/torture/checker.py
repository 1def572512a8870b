"""Judges a torture run from the clients' journals and the final threads; knows nothing of the server's code.

A journal is a list of records of one client, in its own order. A record is a dict with `at` (monotonic
seconds) and `what`:

    me       side "staff"|"visitor", id, wall (milliseconds on the wall clock at `at`)
    sent     op, c (null for a start), text, do "send"|"start"|"close"|an action, more (its other fields), via (a
             connection's name or "http")
    ack      op, c, seq, dup, via
    nack     op, code, retry (bool), via
    entry    c, seq, prev (null for staff), kind, by, id, text, event, how "live"|"resumed"|"fetched", via
    hole     c, have, next                 a live entry did not follow the one before it
    whiff    raw                           something of the team's came to a visitor
    settled  watching [c]                  the storm is over, every outbox is empty, the socket is still open
    finished watching [c]                  the same after one last resume

The final threads are `{c: [entry, ...]}` as the public HTTP API gives them to staff, each entry with seq,
kind, by, id, text, at, and by_id, event, mentions where it has them.

    lost        an acknowledged (conversation, seq, id) that is not in the final thread, or says something else
    doubled     one client id or one sent text twice in the final threads; one start that made two
                conversations; one entry pushed twice over one connection; a refused command carried out
    reordered   a sender's messages stand in another order than it sent them (see `_order`); a connection
                pushed a seq after a higher one; two observers, or an observer and the final thread, disagree
    holes       a seq missing in 1..n of a final thread; an entry missing in the view of a client that watched
                the conversation when all had settled (a socket delivers everything or is closed), or after
                its last resume (which must be complete, events included)
    unresolved  a command that was never answered, or refused for good without a reason in the story

With the `end` of a run also `owners`, `leaks` and `timers`: see life.py.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.torture.life import End, judge, owned_throughout, wall
from tests.torture.story import Step
from tests.torture.verdict import KINDS, Journal, Record, Threads, Verdict

__all__ = ["KINDS", "Verdict", "check"]

EXPECTED_REFUSALS: Mapping[str, frozenset[str]] = {
    "visitor": frozenset({"closed"}),
    "staff": frozenset({"closed", "forbidden", "not_found", "taken", "unavailable"}),
}
"""Final answers that the story explains: the other side ended the chat, or it changed hands or state, while the
command was on its way; the colleague it names has left."""

EVENT_OF = {
    "close": "closed",
    "accept": "accepted",
    "assign": "given",
    "transfer": "transfer",
    "transfer_cancel": "transfer_cancelled",
}
"""What an action leaves in the thread; for those that say yes or no see `_event_of`."""
SWITCHES = {
    "flag": ("on", "flagged", "unflagged"),
    "pending": ("on", "pending", "unpended"),
    "transfer_answer": ("accept", "transferred", "transfer_declined"),
    "offer_answer": ("accept", "assigned", "declined"),
}


@dataclass
class Command:
    """One thing a client wanted, over all its attempts."""

    op: str
    do: str
    text: str
    c: int | None
    more: Mapping[str, Any] = field(default_factory=dict)
    sent: list[tuple[float, str]] = field(default_factory=list)
    acks: list[Record] = field(default_factory=list)
    retries: list[float] = field(default_factory=list)
    refusals: list[Record] = field(default_factory=list)

    @property
    def has_late_twin(self) -> bool:
        """An attempt got no answer of its own: it may still arrive after the refusal of another one."""
        return len(self.sent) > len(self.retries) + len(self.refusals)


def check(journals: Mapping[str, Journal], threads: Threads, end: End | None = None) -> Verdict:
    """Judge `journals` by client name against the final `threads`; without an `end` only what became of messages."""
    verdict = Verdict()
    commands = {who: _commands(journal) for who, journal in journals.items()}
    stories = {} if end is None else judge(verdict, journals, threads, end)
    for who, wanted in commands.items():
        me = next((record for record in journals[who] if record["what"] == "me"), None)
        _answers(verdict, who, wanted, threads, "visitor" if me is None else me["side"])
        _order(verdict, who, wanted)
        if me is not None and me["side"] == "staff":
            _unjust(verdict, who, me, wanted, stories)
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
            new = Command(record["op"], record["do"], record["text"], record["c"], record.get("more", {}))
            found.setdefault(record["op"], new).sent.append((record["at"], record["via"]))
        elif what == "ack":
            found[record["op"]].acks.append(record)
        elif what == "nack" and record["retry"]:
            found[record["op"]].retries.append(record["at"])
        elif what == "nack":
            found[record["op"]].refusals.append(record)
    return found


def _answers(
    verdict: Verdict, who: str, commands: Mapping[str, Command], threads: Threads, side: str
) -> None:
    """Lost and unresolved; a refused command that took place; a start answered with two conversations."""
    stored = {entry["id"] for thread in threads.values() for entry in thread if entry["id"]}
    for command in commands.values():
        name = f"{who}: {command.do} {command.op}"
        if command.acks:
            verdict.acknowledged += 1
            for ack in command.acks:
                _stored(verdict, name, command, ack, threads)
            if len({ack["c"] for ack in command.acks}) > 1:
                verdict.add("doubled", f"{name} was answered with two conversations")
        elif command.refusals:
            codes = {record["code"] for record in command.refusals}
            if codes <= EXPECTED_REFUSALS[side]:
                verdict.refused += 1
            else:
                verdict.add("unresolved", f"{name} was refused: {command.refusals[-1]['code']}")
            if command.op in stored and command.has_late_twin:
                verdict.late_twins += 1
            elif command.op in stored:
                verdict.add("doubled", f"{name} was refused and yet stored")
        else:
            verdict.add("unresolved", f"{name} was never answered ({len(command.sent)} attempts)")


def _unjust(
    verdict: Verdict,
    who: str,
    me: Record,
    commands: Mapping[str, Command],
    stories: Mapping[int, list[Step]],
) -> None:
    """A reply refused to somebody whose conversation it was all the while."""
    for command in commands.values():
        steps = stories.get(command.c or 0)
        if command.do != "send" or steps is None or command.acks:
            continue
        for record in command.refusals:
            begin, until = wall(me, command.sent[0][0]), wall(me, record["at"])
            if owned_throughout(steps, me["id"], begin - 50, until + 50):
                sentence = (
                    f"{who}: {command.op} was refused ({record['code']}) by {command.c}, which was theirs"
                )
                verdict.add("unresolved", sentence)


def _stored(verdict: Verdict, name: str, command: Command, ack: Record, threads: Threads) -> None:
    thread = threads.get(ack["c"])
    told = f"{name} was acknowledged as {ack['c']}/{ack['seq']}"
    if thread is None:
        verdict.add("lost", f"{told}, but there is no such conversation")
        return
    entry = next((e for e in thread if e["seq"] == ack["seq"]), None)
    if command.do == "start":
        if command.text and not any(e["text"] == command.text for e in thread):
            verdict.add("lost", f"{told}, but its first message is not there")
    elif entry is None or entry["id"] != command.op or not _says(entry, command, thread):
        verdict.add("lost", f"{told}, but there stands {_words(entry)}")


def _says(entry: Record, command: Command, thread: Iterable[Record]) -> bool:
    """Whether an entry is what the command asked for. Of a comment in a chat that ended only the place is left."""
    if command.do == "send":
        return bool(entry["text"] == command.text)
    if command.do == "comment":
        ended = any(e["seq"] > entry["seq"] and _event(e) == "closed" for e in thread)
        return bool(entry["kind"] == "comment" and entry["text"] == ("" if ended else command.text))
    return _event(entry) == _event_of(command)


def _event(entry: Record) -> str | None:
    event: Mapping[str, str] = entry.get("event") or {}
    return event.get("name")


def _event_of(command: Command) -> str:
    if command.do in SWITCHES:
        answer, yes, no = SWITCHES[command.do]
        return yes if command.more[answer] else no
    return EVENT_OF[command.do]


def _words(entry: Record | None) -> str:
    return f"{entry['kind']} {entry['id']} {entry['text']!r}" if entry else "nothing"


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
    entries = [entry for thread in threads.values() for entry in thread]
    copies = {(c, seq) for c, thread in threads.items() for seq in _copies(thread)}
    ids = Counter(entry["id"] for entry in entries if entry["id"] in mine)
    held = Counter(
        entry["text"]
        for c, thread in threads.items()
        for entry in thread
        if entry["text"] in texts and (c, entry["seq"]) not in copies
    )
    doubled = {op: f"the id {op} stands {n} times in the final threads" for op, n in ids.items() if n > 1}
    owner = {entry["text"]: entry["id"] for entry in entries}
    for text, n in held.items():
        if n > 1 and owner[text] not in doubled:
            verdict.add("doubled", f"the text {text!r} stands {n} times in the final threads")
    for sentence in doubled.values():
        verdict.add("doubled", sentence)


def _copies(thread: Iterable[Record]) -> Iterator[int]:
    """What a ticket took over from an attempt that was added to it (TICKET-7): each text once."""
    taking, taken = False, set()
    for entry in thread:
        if entry["kind"] == "message" and entry["id"] is None and taking and entry["text"] not in taken:
            taken.add(entry["text"])
            yield entry["seq"]
        else:
            taking = _event(entry) == "merged_in"


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
    """All observers and the final thread say the same about an entry; a comment may have lost its text."""
    final = {(c, entry["seq"]): entry for c, thread in threads.items() for entry in thread}
    told: set[tuple[str, int, int]] = set()
    for who, journal in journals.items():
        for record in journal:
            if record["what"] != "entry" or record["kind"] == "event":
                continue
            key = (record["c"], record["seq"])
            if not _agree(record, final.get(key)) and (who, *key) not in told:
                told.add((who, *key))
                verdict.add("reordered", f"{who} was shown {_words(record)} as {key[0]}/{key[1]}, others not")


def _agree(shown: Record, stored: Record | None) -> bool:
    if stored is None or any(shown[part] != stored[part] for part in ("kind", "by", "id")):
        return False
    wiped = shown["kind"] == "comment" and "" in (shown["text"], stored["text"])
    return wiped or bool(shown["text"] == stored["text"])
