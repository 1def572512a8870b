"""The fault proxy does to a connection what its faults promise."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from tests.torture.proxy import FaultProxy

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    found = FaultProxy(0, ("127.0.0.1", server.sockets[0].getsockname()[1]))
    await found.start()
    yield found
    await found.stop()
    server.close()


async def open_through(proxy: FaultProxy) -> Streams:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    return reader, writer


async def test_a_cut_link_ends_in_an_orderly_way(proxy: FaultProxy) -> None:
    reader, writer = await open_through(proxy)
    for link in proxy.some(1.0, random.Random(1)):
        link.cut()
    assert await reader.read() == b""
    writer.close()


async def test_a_reset_link_is_reset(proxy: FaultProxy) -> None:
    reader, writer = await open_through(proxy)
    for link in proxy.some(1.0, random.Random(1)):
        link.reset()
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_a_stalled_link_is_silent_and_then_carries_what_was_kept(proxy: FaultProxy) -> None:
    reader, writer = await open_through(proxy)
    for link in proxy.links:
        link.stall()
    writer.write(b"later")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(5), 0.1)
    proxy.heal()
    assert await asyncio.wait_for(reader.readexactly(5), 5) == b"later"
    writer.close()


async def test_a_refusing_proxy_takes_nobody_until_it_is_healed(proxy: FaultProxy) -> None:
    proxy.refusing = True
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    writer.close()
    proxy.heal()
    _, writer = await open_through(proxy)
    writer.close()
