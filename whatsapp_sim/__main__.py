"""`python -m whatsapp_sim --port 8090 --webhook http://127.0.0.1:8080/...`: the simulator in a process of its own."""

import asyncio
import contextlib
import ipaddress
import os
import socket
import sys

import click
import msgspec

from whatsapp_sim import defaults
from whatsapp_sim.faults import Faults, changed
from whatsapp_sim.server import Server, address, listen
from whatsapp_sim.simulator import Simulator

LOOK_S = 1.0


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=defaults.PORT, help="0 is any free one.")
@click.option(
    "--host",
    default=defaults.HOST,
    help="An address of this machine. Others than 127.0.0.1 are open to all who reach them.",
)
@click.option("--webhook", default="", help="Where webhooks are posted.")
@click.option("--seed", default=0, help="Of ids and faults.")
@click.option("--faults", default="{}", help="Knobs as JSON, as in '{\"duplicate\": 0.5}'.")
@click.option("--parent", default=0, help="Stop when this process is not the parent any more.")
def main(*, port: int, host: str, webhook: str, seed: int, faults: str, parent: int) -> None:
    """A WhatsApp Cloud API for demo and tests, and a phone in the browser. It is not WhatsApp."""
    try:
        ipaddress.ip_address(host)
        knobs = changed(Faults(), msgspec.json.decode(faults, type=dict[str, object]))
        listening = listen(host, port)
    except (ValueError, msgspec.MsgspecError, OSError) as error:
        click.secho(f"The simulator cannot start: {error}", fg="red", err=True)
        sys.exit(1)
    with contextlib.suppress(KeyboardInterrupt), listening:
        asyncio.run(
            _serve(Simulator(seed=seed, faults=knobs, base=address(listening)), webhook, listening, parent)
        )


async def _serve(simulator: Simulator, webhook: str, listening: socket.socket, parent: int) -> None:
    simulator.set_webhook(webhook)
    server = Server(simulator)
    await simulator.start()
    orphan = asyncio.create_task(_stop_with(parent, server)) if parent else None
    click.echo(f"WhatsApp simulator (not WhatsApp): {simulator.base}")
    try:
        await server.serve(sockets=[listening])
    finally:
        if orphan:
            orphan.cancel()
        await simulator.stop()


async def _stop_with(parent: int, server: Server) -> None:
    """A parent that was killed cannot say goodbye."""
    while os.getppid() == parent:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_S)
    server.should_exit = True


if __name__ == "__main__":
    main()
