"""The demo's WhatsApp: a simulator in a process of its own, beside the desk. `serve` never starts it (CHANNEL-3).

The two know each other by HTTP only; what the simulator knows of the shop is written down here once more.
"""

import asyncio
import importlib.util
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec

from deskbell.kit.clock import Clock
from deskbell.kit.postgres import Pool
from deskbell.kit.seal import Seal
from deskbell.settings import WHATSAPP_API, Settings
from deskbell.store import channel_accounts, demo_channels

PROGRAM = "whatsapp_sim"
HOOK = "/hooks/whatsapp"
PHONE_NUMBER_ID = "100200300400500"
SETTINGS = {"waba_id": "900800700600500", "verify_token": "sim-verify"}
SECRETS = {"token": "sim-token", "app_secret": "sim-app-secret"}
AFTERWARDS = "One more thing: can I pick it up in the shop instead?"
START_S = 30.0
STOP_S = 3.0
APART = 2
"""Its port is so many above the desk's, when that is free."""


@asynccontextmanager
async def beside(settings: Settings) -> AsyncIterator["asyncio.Future[str]"]:
    """Runs it as long as the block. The future is its address, empty when there is none: the demo goes on without."""
    if importlib.util.find_spec(PROGRAM) is None or settings.whatsapp_api != WHATSAPP_API:
        nothing: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        nothing.set_result("")
        yield nothing
        return
    words = ["--port", str(_port(settings)), "--parent", str(os.getpid())]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        PROGRAM,
        *words,
        "--webhook",
        f"http://127.0.0.1:{settings.port}{HOOK}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    address = asyncio.ensure_future(_address(process))
    try:
        yield address
    finally:
        address.cancel()
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_S)


def _port(settings: Settings) -> int:
    """The one people find again at each start, else any free one."""
    wanted = settings.port + APART
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except (OSError, OverflowError):
            return 0
    return wanted


async def _address(process: asyncio.subprocess.Process) -> str:
    """What it says when it listens."""
    assert process.stdout is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), START_S)
    except TimeoutError:
        return ""
    return said.decode().rpartition(" ")[2].strip()


async def connect(settings: Settings, pool: Pool, clock: Clock, address: str) -> Settings:
    """Settings that speak to the simulator at `address`, whose account the desk then has."""
    if not address:
        return settings
    if not any(row.channel == "whatsapp" for row in await channel_accounts.everyone(pool)):
        values = {
            "external_id": PHONE_NUMBER_ID,
            "name": "Fjord & Pine",
            "department_id": None,
            "enabled": True,
            "settings": SETTINGS,
        }
        seal = Seal(settings.secret_key())
        added = await channel_accounts.add(pool, seal, "whatsapp", values, SECRETS, clock.now())
        if added is not None:
            await demo_channels.meet(pool, added.id, "whatsapp")
            await _write(address)
    return msgspec.structs.replace(settings, whatsapp_api=address)


async def _write(address: str) -> None:
    """A customer of the demo's talks goes on writing, so that one may answer: the simulator itself begins anew each time.
    Its webhook comes again until the desk is up."""
    import httpx

    async with httpx.AsyncClient(trust_env=False, timeout=START_S) as phone:
        with suppress(httpx.HTTPError):
            await phone.post(f"{address}/_sim/users/marta/send", json={"type": "text", "text": AFTERWARDS})
