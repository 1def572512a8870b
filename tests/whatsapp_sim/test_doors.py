"""Who may use the simulator, how it starts and stops, and how much it can do (CHANNEL-3)."""

import asyncio
import os
import re
import signal
import subprocess
import sys

import httpx
import pytest

from deskbell import simulator as demo
from tests.rules import rule
from tests.whatsapp_sim.conftest import Shop
from tests.whatsapp_sim.sink import Sink
from whatsapp_sim import defaults
from whatsapp_sim.__main__ import main
from whatsapp_sim.client import Client, Refusal
from whatsapp_sim.simulator import Simulator

pytestmark = rule("CHANNEL-3")
HERE = {"sec-fetch-site": "same-origin"}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"host": "evil.example", "origin": "http://evil.example"},
        {"host": "evil.example:8090", **HERE},
    ],
)
async def test_pages_of_others_may_neither_read_nor_turn_anything(
    sim: Simulator, shop: Shop, headers: dict[str, str]
) -> None:
    for method, path in (("GET", "/_sim/journal"), ("POST", "/_sim/reset"), ("GET", "/phone/main.js")):
        answer = await shop.http.request(method, path, headers=headers)
        assert answer.status_code == 403
        assert answer.headers["x-simulator"] == "whatsapp"


async def test_its_own_page_and_programs_may(sim: Simulator, shop: Shop) -> None:
    for headers in ({}, HERE, {"origin": sim.base, **HERE}):
        assert (await shop.http.get("/_sim/", headers=headers)).json()["simulator"] == "whatsapp"


@pytest.mark.parametrize(
    "path", ["/", "/phone/main.js", "/phone/frame.css", "/_sim/clock", "/v25.0/1", "/nowhere"]
)
async def test_every_answer_says_that_it_is_a_simulator(shop: Shop, path: str) -> None:
    assert (await shop.http.get(path)).headers["x-simulator"] == "whatsapp"


@pytest.mark.parametrize("name", ["phone.html", "..%2f__init__.py", "__init__.py", "nothing.js"])
async def test_only_the_parts_of_the_page_are_given_out(shop: Shop, name: str) -> None:
    assert (await shop.http.get(f"/phone/{name}")).status_code in (400, 404)


async def test_files_of_customers_are_shown_but_never_run(sim: Simulator, phone: Client, shop: Shop) -> None:
    written = await phone.send("marta", "document", data="PHNjcmlwdD4=", mime="text/html")
    answer = await shop.http.get(f"/_sim/media/{written.body['id']}")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_token_is_never_written_down(sim: Simulator, shop: Shop, phone: Client) -> None:
    await shop.http.get(f"{shop.number}?access_token={defaults.TOKEN}", headers={"authorization": ""})
    await shop.template("hello_again")
    assert defaults.TOKEN not in str(await phone.journal())


async def test_what_cannot_be_done_is_said_in_a_sentence(phone: Client) -> None:
    for ask in (
        phone.text("nobody", "Hello"),
        phone.react("marta", "wamid.unknown", "👍"),
        phone.add_user("Marta", id="marta"),
        phone.turn_template("1", status="PAUSED"),
        phone.flood(300, 1_000_000),
    ):
        with pytest.raises(Refusal, match="400"):
            await ask


async def test_a_flood_is_signed_and_each_message_is_new(sim: Simulator, phone: Client, hook: Sink) -> None:
    for _ in range(2):
        done = await phone.flood(400, 0.25)
        assert (done.sent, done.failed) == (100, 0)
    assert len({message["id"] for message in hook.messages}) == 200
    assert all(headers["x-hub-signature-256"].startswith("sha256=") for headers, _ in hook.posts)
    assert await phone.journal(kind="webhook") == []


async def test_after_a_reset_it_is_as_at_the_start(sim: Simulator, phone: Client, hook: Sink) -> None:
    await phone.add_user("Noor", id="noor")
    first = await phone.text("marta", "Hello")
    await phone.faults(drop=1)
    await phone.reset()
    assert [user.id for user in await phone.users()] == ["marta", "yusuf", "lena"]
    assert (await phone.text("marta", "Hello")).id == first.id
    await sim.idle()
    assert hook.messages[-1]["id"] == first.id


def test_the_demo_knows_the_same_numbers_and_secrets() -> None:
    assert demo.PHONE_NUMBER_ID == defaults.PHONE_NUMBER_ID
    assert demo.SETTINGS == {"waba_id": defaults.WABA_ID, "verify_token": defaults.VERIFY_TOKEN}
    assert demo.SECRETS == {"token": defaults.TOKEN, "app_secret": defaults.APP_SECRET}


def _started(*words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "whatsapp_sim", "--port", "0", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert found, process.communicate()
    return found[0]


def test_it_runs_by_itself_on_this_machine_only_and_ends_quietly() -> None:
    with _started("--faults", '{"duplicate": 0.5}', "--seed", "7") as process:
        base = _address(process)
        assert httpx.get(f"{base}/_sim/", trust_env=False).json()["seed"] == 7
        assert httpx.get(f"{base}/_sim/faults", trust_env=False).json()["duplicate"] == 0.5
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert errors == ""


@pytest.mark.parametrize(
    "words", [("--faults", '{"duplicate": 2}'), ("--faults", "nonsense"), ("--host", "evil.example")]
)
def test_what_it_cannot_start_with_is_one_sentence(
    words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        main(["--port", "0", *words])
    errors = capsys.readouterr().err
    assert errors.startswith("The simulator cannot start: ")
    assert errors.count("\n") == 1


async def test_it_stops_when_its_parent_is_gone() -> None:
    with _started("--parent", str(os.getppid())) as process:
        assert _address(process)
        assert await asyncio.to_thread(process.wait, 20) == 0
