"""Each thing that can go wrong, on demand and the same way again (CHANNEL-3)."""

from collections import Counter
from typing import Any

import httpx
import pytest

from tests.rules import rule
from tests.whatsapp_sim.conftest import NOON, Shop, code, wamid
from tests.whatsapp_sim.sink import Sink, sink
from whatsapp_sim import defaults
from whatsapp_sim.client import Client, Refusal
from whatsapp_sim.clock import Clock
from whatsapp_sim.delivery import signature, trust
from whatsapp_sim.payloads import BIGGEST
from whatsapp_sim.server import serving
from whatsapp_sim.simulator import Simulator

pytestmark = rule("CHANNEL-3")


async def write(phone: Client, count: int, user: str = "marta") -> None:
    for place in range(count):
        await phone.text(user, f"Line {place}")


def bodies(hook: Sink) -> list[str]:
    return [message["text"]["body"] for message in hook.messages if "text" in message]


async def test_a_knob_that_is_unknown_or_out_of_bounds_is_refused_with_the_bound(phone: Client) -> None:
    with pytest.raises(Refusal, match=r"<= 1\.0"):
        await phone.turn(drop=1.5)
    with pytest.raises(Refusal, match="<= 1000"):
        await phone.turn(batch=1001)
    with pytest.raises(Refusal, match="dance"):
        await phone.turn(dance=1)


async def test_refusals_before_accept(sim: Simulator, shop: Shop, phone: Client) -> None:
    await phone.text("marta", "Hello")
    for number, status in (
        (130429, 429),
        (131048, 429),
        (80007, 429),
        (4, 429),
        (2, 503),
        (131000, 500),
        (368, 403),
    ):
        await phone.faults(graph_errors={number: 1})
        assert code(await shop.text()) == (status, number)
    await phone.faults(graph_errors={190: 1})
    assert (await shop.text()).json()["error"]["error_subcode"] == 463
    await phone.faults(http_errors={503: 1})
    answer = await shop.text()
    assert (answer.status_code, answer.headers["content-type"][:9]) == (503, "text/html")
    await sim.idle()
    assert len((await phone.thread("marta")).messages) == 1


@pytest.mark.parametrize(
    ("knob", "error", "arrives"),
    [
        ("hang_before_accept", httpx.ReadTimeout, False),
        ("hang_after_accept", httpx.ReadTimeout, True),
        ("cut_after_accept", httpx.RemoteProtocolError, True),
    ],
)
async def test_no_answer(
    sim: Simulator,
    shop: Shop,
    phone: Client,
    hook: Sink,
    knob: str,
    error: type[Exception],
    arrives: bool,
) -> None:
    await phone.text("marta", "Hello")
    await phone.faults(**{knob: 1})
    shop.http.timeout = httpx.Timeout(0.2)
    with pytest.raises(error):
        await shop.text()
    await sim.idle()
    assert hook.statuses == (["sent", "delivered"] if arrives else [])


async def test_read_marks_and_other_calls_are_spared_unless_all_are_meant(shop: Shop, phone: Client) -> None:
    written = await phone.text("marta", "Hello")
    await phone.faults(graph_errors={131000: 1})
    assert code(await shop.send(status="read", message_id=written.id)) == (200, 0)
    assert code(await shop.http.get(shop.number)) == (200, 0)
    await phone.turn(all_calls=True)
    assert code(await shop.http.get(shop.number)) == (500, 131000)


async def test_a_slow_answer_waits_on_the_simulators_clock(sim: Simulator, shop: Shop, phone: Client) -> None:
    await phone.faults(answer_delay_s=(5, 5))
    shop.http.timeout = httpx.Timeout(0.1)
    with pytest.raises(httpx.ReadTimeout):
        await shop.template("hello_again")
    shop.http.timeout = httpx.Timeout(5)
    sim.clock.run(True)
    sim.clock.advance(0)
    await phone.faults(answer_delay_s=(0.01, 0.02))
    assert code(await shop.template("hello_again")) == (200, 0)


async def test_a_message_fails_later(sim: Simulator, shop: Shop, phone: Client, hook: Sink) -> None:
    await phone.text("marta", "Hello")
    await phone.faults(failed={131049: 1})
    assert code(await shop.text()) == (200, 0)
    await phone.faults(window_by_status=True)
    sim.clock.advance(86_400)
    assert code(await shop.text()) == (200, 0)
    await sim.idle()
    told = [value["statuses"][0]["errors"][0]["code"] for value in hook.values if "statuses" in value]
    assert told == [131049, 131047]


async def test_the_status_is_there_before_the_answer(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink
) -> None:
    await phone.text("marta", "Hello")
    await sim.idle()
    await phone.faults(status_before_answer=1)
    seen: list[int] = []
    shop.http.event_hooks = {"response": [lambda _: _note(seen, hook)]}
    await shop.text()
    assert seen == [2]
    await sim.idle()
    assert hook.statuses == ["sent", "delivered"]


async def _note(seen: list[int], hook: Sink) -> None:
    seen.append(len(hook.posts))


@pytest.mark.parametrize(
    ("knobs", "statuses"),
    [
        ({"no_status": 1}, []),
        ({"no_sent": 1}, ["delivered", "read"]),
        ({"no_delivered": 1}, ["sent", "read"]),
        ({"read_first": 1}, ["read", "delivered", "sent"]),
    ],
)
async def test_statuses_lack_or_turn_round(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink, knobs: dict[str, Any], statuses: list[str]
) -> None:
    await phone.text("marta", "Hello")
    await phone.faults(**knobs, status_delay_s=(1, 2))
    await shop.text()
    await sim.idle(jump=True)
    await phone.read("marta")
    await sim.idle(jump=True)
    assert hook.statuses == statuses
    stamps = {one["status"]: one["timestamp"] for value in hook.values for one in value.get("statuses", [])}
    assert sorted(stamps, key=stamps.__getitem__) == [
        name for name in ("sent", "delivered", "read") if name in stamps
    ]


async def test_webhooks_come_late_shuffled_and_several_times(
    sim: Simulator, phone: Client, hook: Sink
) -> None:
    await phone.faults(delay_s=(10, 10))
    await write(phone, 1)
    await sim.idle()
    assert hook.posts == []
    await sim.idle(jump=True)
    assert sim.clock.now() == NOON + 10
    await phone.faults(reorder_s=5, duplicate=1, copies=2)
    await write(phone, 12)
    await sim.idle(jump=True)
    lines = bodies(hook)[1:]
    assert Counter(lines) == {f"Line {place}": 3 for place in range(12)}
    assert list(dict.fromkeys(lines)) != [f"Line {place}" for place in range(12)]


async def test_without_faults_one_customers_webhooks_stay_in_order(
    sim: Simulator, phone: Client, hook: Sink
) -> None:
    await write(phone, 30)
    await sim.idle()
    assert bodies(hook) == [f"Line {place}" for place in range(30)]


async def test_dropped_ones_come_again_and_lost_answers_make_doubles(
    sim: Simulator, phone: Client, hook: Sink
) -> None:
    await phone.faults(drop=0.7)
    await write(phone, 10)
    await sim.idle(jump=True)
    assert sorted(bodies(hook)) == sorted(f"Line {place}" for place in range(10))
    assert any(line.note == "dropped" for line in await phone.journal(kind="webhook"))
    hook.posts.clear()
    await phone.faults(lose_answer=0.5)
    await write(phone, 10)
    await sim.idle(jump=True)
    assert len(set(bodies(hook))) == 10 < len(bodies(hook))


@pytest.mark.parametrize("mixed", [False, True])
async def test_many_updates_in_one_post_also_of_two_accounts(
    sim: Simulator, phone: Client, hook: Sink, mixed: bool
) -> None:
    await phone.add_number("777", "888", "442079460000")
    await phone.faults(batch=1000, mix_accounts=mixed)
    for place in range(20):
        await phone.text("marta", f"Line {place}", number=("777", defaults.PHONE_NUMBER_ID)[place % 2])
    await sim.idle(jump=True)
    accounts = [sorted(entry["id"] for entry in body["entry"]) for body in hook.bodies]
    both = sorted(["888", defaults.WABA_ID])
    assert sorted(accounts) == ([both] if mixed else [[one] for one in both])
    assert sorted(bodies(hook)) == sorted(f"Line {place}" for place in range(20))
    for value in hook.values:
        lines = [int(message["text"]["body"].split()[1]) % 2 for message in value["messages"]]
        assert set(lines) == {0 if value["metadata"]["phone_number_id"] == "777" else 1}


async def test_a_full_batch_does_not_wait(sim: Simulator, phone: Client, hook: Sink) -> None:
    await phone.faults(batch=3)
    await write(phone, 7)
    await sim.idle()
    assert len(bodies(hook)) == 6
    await sim.idle(jump=True)
    assert len(bodies(hook)) == 7


async def test_forged_ones_come_first_and_no_signature_fits(
    sim: Simulator, phone: Client, hook: Sink
) -> None:
    await phone.faults(forge=1)
    await write(phone, 12)
    await sim.idle()
    fits = [
        headers.get("x-hub-signature-256") == signature(defaults.APP_SECRET, body)
        for headers, body in hook.posts
    ]
    assert fits == [False, True] * 12
    assert bodies(hook) == [text for place in range(12) for text in ("FORGED", f"Line {place}")]
    assert {"x-hub-signature-256" in headers for headers, _ in hook.posts[::2]} == {True, False}
    assert len({message["id"] for message in hook.messages}) == 24


async def test_what_nobody_knows_yet_comes_too(sim: Simulator, phone: Client, hook: Sink) -> None:
    await phone.faults(extra_fields=1, unknown_types=1, unknown_fields=1)
    await write(phone, 1)
    await sim.idle()
    assert {message["type"] for message in hook.messages} == {"text", "hologram"}
    assert {change["field"] for body in hook.bodies for change in body["entry"][0]["changes"]} == {
        "messages",
        "future_field",
    }
    first = hook.bodies[0]
    assert first["future_flag"]
    assert first["entry"][0]["changes"][0]["value"]["messages"][0]["future_flag"]


async def test_a_body_of_three_megabytes(sim: Simulator, phone: Client, hook: Sink) -> None:
    await phone.faults(big_bodies=1)
    await write(phone, 1)
    await sim.idle()
    assert len(hook.posts[0][1]) == BIGGEST
    assert bodies(hook) == ["Line 0"]


async def test_all_customers_may_hide_their_numbers(sim: Simulator, phone: Client, hook: Sink) -> None:
    await phone.faults(hide_phones=1)
    await write(phone, 1)
    await sim.idle()
    assert "wa_id" not in hook.values[0]["contacts"][0]
    assert "from" not in hook.messages[0]


async def test_a_template_is_paused_in_the_middle_of_a_campaign(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink
) -> None:
    await phone.faults(pause_template_after=2)
    answers = [code(await shop.template("hello_again")) for _ in range(3)]
    assert answers == [(200, 0), (200, 0), (400, 132015)]
    await sim.idle()
    assert [value["event"] for value in hook.values if "event" in value] == ["PAUSED"]


async def _story(seed: int) -> list[bytes]:
    """What a webhook gets in a run with a bit of everything."""
    async with sink() as hook, serving(webhook=hook.url, seed=seed, clock=Clock(NOON, running=False)) as sim:
        sim.turn(duplicate=0.4, drop=0.3, reorder_s=20, extra_fields=0.3, forge=0.3)
        async with Client(sim.base) as phone:
            for user in ("marta", "yusuf", "lena"):
                await write(phone, 6, user)
            await sim.idle(jump=True)
        return [body.replace(sim.base.replace("/", "\\/").encode(), b"") for _, body in hook.posts]


async def test_one_seed_gives_one_story_and_another_seed_another() -> None:
    first, again, other = await _story(7), await _story(7), await _story(8)
    assert first == again
    assert first != other


async def test_ids_do_not_depend_on_what_runs_beside(sim: Simulator, shop: Shop, phone: Client) -> None:
    await phone.text("yusuf", "Hello")
    await phone.text("marta", "Hello")
    ours = wamid(await shop.text())
    async with serving(clock=Clock(NOON, running=False)) as other, Client(other.base) as phone:
        await phone.text("marta", "Something else")
        token = {"Authorization": f"Bearer {defaults.TOKEN}"}
        async with httpx.AsyncClient(
            base_url=other.base, headers=token, trust_env=False, verify=trust()
        ) as http:
            assert wamid(await Shop(http).text()) == ours
