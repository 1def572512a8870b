"""The checker finds every defect it names, in journals made up to hold exactly one."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.torture.checker import KINDS, Verdict, check

Record = dict[str, Any]


def sent(at: float, op: str, c: int | None = 7, do: str = "send", via: str = "k1") -> Record:
    text = "" if do == "close" else f"text of {op}"
    return {"at": at, "what": "sent", "op": op, "c": c, "text": text, "do": do, "via": via}


def ack(at: float, op: str, seq: int, c: int = 7, dup: bool = False) -> Record:
    return {"at": at, "what": "ack", "op": op, "c": c, "seq": seq, "dup": dup, "via": "k1"}


def nack(at: float, op: str, code: str = "retry", retry: bool = True) -> Record:
    return {"at": at, "what": "nack", "op": op, "code": code, "retry": retry, "via": "k1"}


def message(seq: int, op: str, by: str = "customer") -> Record:
    return {"seq": seq, "kind": "message", "by": by, "id": op, "text": f"text of {op}"}


def event(seq: int) -> Record:
    return {"seq": seq, "kind": "event", "by": "system", "id": None, "text": "assigned"}


def shown(at: float, entry: Record, prev: int | None = None, how: str = "live", via: str = "k1") -> Record:
    return {"at": at, "what": "entry", "c": 7, "prev": prev, "how": how, "via": via, **entry}


def watched(at: float, what: str = "finished") -> Record:
    return {"at": at, "what": what, "watching": [7]}


THREAD = [event(1), message(2, "a"), message(3, "b")]
JOHN = [
    sent(1, "a"),
    sent(2, "b"),
    ack(3, "a", 2),
    shown(3.1, message(2, "a"), prev=0),
    ack(4, "b", 3),
    shown(4.1, message(3, "b"), prev=2),
    watched(5, "settled"),
    watched(6),
]


def found(verdict: Verdict) -> dict[str, int]:
    return {kind: len(verdict.findings[kind]) for kind in KINDS if verdict.findings[kind]}


def changed(change: Callable[[list[Record], list[Record]], None]) -> dict[str, int]:
    journal, thread = [dict(r) for r in JOHN], [dict(e) for e in THREAD]
    change(journal, thread)
    return found(check({"john": journal}, {7: thread}))


def test_a_sound_run_has_nothing_to_say() -> None:
    verdict = check({"john": JOHN}, {7: THREAD})
    assert verdict.good
    nothing = "lost 0, doubled 0, reordered 0, holes 0, unresolved 0, owners 0, leaks 0, timers 0"
    assert verdict.line() == f"acknowledged 2, {nothing}"


def test_a_run_that_acknowledged_nothing_is_not_good() -> None:
    assert not check({}, {}).good


def test_an_acknowledged_message_that_is_gone_is_lost() -> None:
    def drop(journal: list[Record], thread: list[Record]) -> None:
        thread.pop()
        del journal[5]

    assert changed(drop) == {"lost": 1}


def test_an_acknowledged_message_with_other_text_is_lost() -> None:
    def spoil(journal: list[Record], thread: list[Record]) -> None:
        thread[2]["text"] = journal[5]["text"] = "other"

    assert changed(spoil) == {"lost": 1}


def test_an_acknowledged_message_in_an_unknown_conversation_is_lost() -> None:
    assert found(check({"john": [sent(1, "a"), ack(2, "a", 1)]}, {})) == {"lost": 1}


def test_a_lost_first_message_of_a_start_is_lost() -> None:
    journal = [sent(1, "s", None, "start"), ack(2, "s", 1)]
    assert found(check({"john": journal}, {7: [event(1)]})) == {"lost": 1}


def test_a_lost_close_is_lost() -> None:
    assert found(check({"john": [sent(1, "x", do="close"), ack(2, "x", 2)]}, {7: [event(1)]})) == {"lost": 1}


def test_one_id_stored_twice_is_doubled() -> None:
    def repeat(journal: list[Record], thread: list[Record]) -> None:
        thread.append(message(4, "b"))
        journal.insert(6, shown(4.2, message(4, "b"), prev=3))

    assert changed(repeat) == {"doubled": 1}


def test_one_text_stored_under_two_ids_is_doubled() -> None:
    def repeat(journal: list[Record], thread: list[Record]) -> None:
        again = {**message(4, "b"), "id": "other"}
        thread.append(again)
        journal.insert(6, shown(4.2, again, prev=3))

    assert changed(repeat) == {"doubled": 1}


def test_a_number_given_twice_is_doubled() -> None:
    assert changed(lambda _, thread: thread.append(event(1))) == {"doubled": 1}


def test_a_start_with_two_conversations_is_doubled() -> None:
    journal = [sent(1, "s", None, "start"), ack(2, "s", 1, 7), ack(3, "s", 1, 8)]
    threads = {7: [message(1, "s")], 8: [{**message(1, "t"), "text": "text of s"}]}
    assert found(check({"john": journal}, threads)) == {"doubled": 2}


def test_an_entry_pushed_twice_on_one_connection_is_doubled() -> None:
    assert changed(lambda journal, _: journal.insert(6, {**journal[5], "at": 4.2})) == {"doubled": 1}


def test_an_entry_repeated_by_a_resume_is_allowed() -> None:
    resumed = shown(4.2, message(3, "b"), prev=2, how="resumed", via="k2")
    assert changed(lambda journal, _: journal.insert(6, resumed)) == {}


def test_a_refused_message_that_is_stored_is_doubled() -> None:
    journal = [sent(1, "a"), nack(2, "a", "closed", retry=False)]
    assert found(check({"john": journal}, {7: [message(1, "a")]})) == {"doubled": 1}


def test_a_refusal_the_story_explains_is_an_answer() -> None:
    verdict = check({"john": [*JOHN[:4], sent(5, "c"), nack(6, "c", "closed", retry=False)]}, {7: THREAD[:2]})
    assert found(verdict) == {"unresolved": 1}  # b was never answered; c was
    assert verdict.refused == 1


def test_messages_out_of_the_senders_order_are_reordered() -> None:
    journal = [sent(1, "a"), sent(2, "b"), ack(3, "a", 2), ack(4, "b", 1)]
    assert found(check({"john": journal}, {7: [message(1, "b"), message(2, "a")]})) == {"reordered": 1}


def test_two_answers_lost_in_a_crash_do_not_excuse_a_wrong_order() -> None:
    again = [
        sent(5, "a", via="k2"),
        sent(6, "b", via="k2"),
        ack(7, "a", 2, dup=True),
        ack(8, "b", 1, dup=True),
    ]
    journal = [sent(1, "a"), sent(2, "b"), *again]
    assert found(check({"john": journal}, {7: [message(1, "b"), message(2, "a")]})) == {"reordered": 1}


def test_a_message_told_to_come_again_may_stand_later() -> None:
    journal = [sent(1, "a"), sent(2, "b"), nack(3, "a"), ack(4, "b", 1), sent(5, "a"), ack(6, "a", 2)]
    verdict = check({"john": journal}, {7: [message(1, "b"), message(2, "a")]})
    assert found(verdict) == {}
    assert verdict.loose_pairs == 1


def test_a_connection_that_pushes_downwards_is_reordered() -> None:
    def swap(journal: list[Record], _: list[Record]) -> None:
        journal[3], journal[5] = journal[5], journal[3]

    assert changed(swap) == {"reordered": 1}


def test_two_observers_who_disagree_are_reordered() -> None:
    ann = [shown(4, message(2, "b")), shown(5, message(3, "a"))]
    assert found(check({"john": JOHN, "ann": ann}, {7: THREAD})) == {"reordered": 2}


def test_a_missing_number_in_the_final_thread_is_a_hole() -> None:
    def drop(_: list[Record], thread: list[Record]) -> None:
        del thread[0]

    assert changed(drop) == {"holes": 1}


@pytest.mark.parametrize("what", ["settled", "finished"])
def test_a_message_missing_in_a_settled_view_is_a_hole(what: str) -> None:
    journal = [sent(1, "a"), ack(2, "a", 1), watched(3, what)]
    assert found(check({"john": journal}, {7: [message(1, "a")]})) == {"holes": 1}


def test_an_event_missing_in_an_agents_last_view_is_a_hole() -> None:
    ann = [shown(1, message(2, "a")), shown(2, message(3, "b")), watched(3)]
    assert found(check({"john": JOHN, "ann": ann}, {7: THREAD})) == {"holes": 1}


def test_an_entry_named_as_the_one_before_but_never_shown_is_a_hole() -> None:
    def name(journal: list[Record], _: list[Record]) -> None:
        journal[3]["prev"] = 1

    assert changed(name) == {"holes": 1}


def test_a_send_without_an_answer_is_unresolved() -> None:
    assert changed(lambda journal, _: journal.append(sent(7, "c"))) == {"unresolved": 1}


def test_a_refusal_without_a_reason_is_unresolved() -> None:
    journal = [*JOHN, sent(7, "c"), nack(8, "c", "forbidden", retry=False)]
    assert found(check({"john": journal}, {7: THREAD})) == {"unresolved": 1}


def act(op: str, do: str, **more: bool) -> Record:
    return {**sent(1, op, do=do), "text": "", "more": more}


def of_the_team(*records: Record) -> list[Record]:
    return [{"at": 0.0, "what": "me", "side": "staff", "id": 1, "wall": 0}, *records]


def named(seq: int, op: str, name: str) -> Record:
    return {**event(seq), "id": op, "event": {"name": name}}


@pytest.mark.parametrize(
    ("name", "lost"), [("flagged", 0), ("unflagged", 1), ("pending", 1)], ids=["done", "undone", "other"]
)
def test_an_acknowledged_action_that_left_another_event_is_lost(name: str, lost: int) -> None:
    journal = of_the_team(act("a", "flag", on=True), ack(2, "a", 1))
    assert len(check({"ann": journal}, {7: [named(1, "a", name)]}).findings["lost"]) == lost


@pytest.mark.parametrize(("text", "ended", "lost"), [("text of a", False, 0), ("", False, 1), ("", True, 0)])
def test_a_comment_may_lose_its_text_at_close_only(text: str, ended: bool, lost: int) -> None:
    journal = of_the_team(sent(1, "a", do="comment"), ack(2, "a", 1))
    comment = {"seq": 1, "kind": "comment", "by": "agent", "id": "a", "text": text}
    thread = [comment, named(2, "x", "closed")] if ended else [comment]
    assert len(check({"ann": journal}, {7: thread}).findings["lost"]) == lost


@pytest.mark.parametrize("code", ["forbidden", "taken", "closed", "unavailable", "not_found"])
def test_what_staff_may_be_refused_is_an_answer(code: str) -> None:
    verdict = check({"ann": of_the_team(act("a", "flag", on=True), nack(2, "a", code, retry=False))}, {})
    assert (found(verdict), verdict.refused) == ({}, 1)


def test_a_refused_action_that_took_place_is_doubled() -> None:
    journal = of_the_team(act("a", "flag", on=True), nack(2, "a", "taken", retry=False))
    assert found(check({"ann": journal}, {7: [named(1, "a", "flagged")]})) == {"doubled": 1}


def test_a_refusal_whose_first_attempt_arrived_later_is_counted_apart() -> None:
    flag = act("a", "flag", on=True)
    journal = of_the_team(flag, {**flag, "at": 2, "via": "k2"}, nack(3, "a", "taken", retry=False))
    verdict = check({"ann": journal}, {7: [named(1, "a", "flagged")]})
    assert (found(verdict), verdict.late_twins) == ({}, 1)


def test_what_a_ticket_took_over_from_an_attempt_is_not_doubled_but_twice_is() -> None:
    copy = {**message(2, "a"), "id": None}
    threads = {7: [message(1, "a")], 8: [named(1, "x", "merged_in"), copy]}
    assert found(check({"john": [sent(1, "a"), ack(2, "a", 1)]}, threads)) == {}
    threads[8].append({**copy, "seq": 3})
    assert found(check({"john": [sent(1, "a"), ack(2, "a", 1)]}, threads)) == {"doubled": 1}


def test_holes_that_clients_mended_are_counted_apart() -> None:
    verdict = check({"john": [*JOHN, {"at": 9, "what": "hole", "c": 7, "have": 1, "next": 3}]}, {7: THREAD})
    assert verdict.good
    assert verdict.mended == 1
