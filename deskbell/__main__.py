"""The command line: `deskbell run | serve | migrate | backup | restore`.

Heavy parts are imported by the command that needs them, so that help and errors come at once.
"""

import asyncio
import contextlib
import errno
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from deskbell.kit.postgres import Pool
    from deskbell.settings import Settings
    from deskbell.welcome import SignIn

LOADED_OBJECTS = 200_000
"""Loading makes some 150 000 objects, which stay: with Python's own limit the collector would look through them 230
times, for 0.15 s. A server sets its own limit when it is loaded (wiring)."""
STOPPED = 130
"""Exit code after Ctrl-C while something was still going on."""


@click.group()
def main() -> None:
    """Deskbell: live chat and tickets on your own machine. Settings come from the environment."""


@main.command()
def run() -> None:
    """Serve with a lively demo in it: the quickest way to see all."""
    _main(lambda settings: _serve(settings, demo=True), needs_port=True)


@main.command()
def serve() -> None:
    """Serve for real use. The first start prints a token for the first admin."""
    _main(lambda settings: _serve(settings, demo=False), needs_port=True)


@main.command()
def migrate() -> None:
    """Bring the database to this version. The old version may go on serving meanwhile."""

    async def action(settings: "Settings") -> None:
        async with _database(settings):
            click.echo("The database is up to date.")

    _main(action)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Save database, files and secret key into one FILE. The desk may serve meanwhile."""

    async def action(settings: "Settings") -> None:
        from deskbell import backup

        async with _database(settings, up_to_date=False) as ready:
            await asyncio.to_thread(backup.save, ready, file)
            saved = await asyncio.to_thread(file.stat)
            click.echo(f"Saved to {file} ({saved.st_size / 1e6:.1f} MB).")

    _main(action)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace what is in the database now.")
def restore(file: Path, *, replace: bool) -> None:
    """Bring a backup FILE back; stop the servers first."""

    async def action(settings: "Settings") -> None:
        from deskbell import backup

        async with _database(settings, up_to_date=False) as ready:
            await backup.bring_back(ready, file, replace=replace)
        async with _database(settings):
            click.echo(f"Restored from {file}.")

    _main(action)


async def _serve(settings: "Settings", *, demo: bool) -> None:
    def load() -> None:
        from deskbell import welcome, wiring  # noqa: F401

    async with contextlib.AsyncExitStack() as phone:
        address = await _phone_beside(settings, phone) if demo else None
        async with _database(settings, meanwhile=load) as ready:
            from deskbell import welcome, wiring

            demo = demo and await _fill_demo(ready)
            if demo and address:
                ready = await _with_phone(ready, await address)
            else:
                await phone.aclose()
            text = welcome.of_demo(ready, _sign_ins()) if demo else await _ways_in(ready)
            shown = asyncio.create_task(welcome.when_open(ready, text))
            try:
                await wiring.serve(ready, demo=demo)
            finally:
                shown.cancel()


async def _phone_beside(settings: "Settings", stack: contextlib.AsyncExitStack) -> "asyncio.Future[str]":
    from deskbell import simulator

    return await stack.enter_async_context(simulator.beside(settings))


async def _with_phone(settings: "Settings", address: str) -> "Settings":
    """The demo's WhatsApp account, at the simulator."""
    from deskbell import simulator
    from deskbell.kit.clock import SystemClock

    async with _pool(settings) as pool:
        return await simulator.connect(settings, pool, SystemClock(), address)


async def _fill_demo(settings: "Settings") -> bool:
    """Fill an empty desk once. False when the desk is a real one, which is then served as that."""
    from deskbell.desk import demo
    from deskbell.kit.clock import SystemClock
    from deskbell.kit.files import FileStore
    from deskbell.kit.tokens import Passwords

    passwords = Passwords()
    try:
        async with _pool(settings) as pool:
            filled = await demo.fill(pool, SystemClock(), FileStore.from_settings(settings), passwords)
            return filled or await demo.is_there(pool)
    finally:
        passwords.close()


def _sign_ins() -> "list[SignIn]":
    from deskbell.desk.demo import SIGN_INS
    from deskbell.welcome import SignIn

    return [SignIn(role, email, password) for role, email, password in SIGN_INS]


async def _ways_in(settings: "Settings") -> str:
    from deskbell import welcome
    from deskbell.desk.setup import setup_token
    from deskbell.kit.clock import SystemClock

    async with _pool(settings) as pool:
        return welcome.of_desk(settings, await setup_token(pool, SystemClock()))


@contextlib.asynccontextmanager
async def _pool(settings: "Settings") -> "AsyncIterator[Pool]":
    from deskbell.kit.postgres import create_pool

    pool = await create_pool(settings.database_url, size=2)
    try:
        yield pool
    finally:
        await pool.close()


@contextlib.asynccontextmanager
async def _database(
    settings: "Settings", *, up_to_date: bool = True, meanwhile: Callable[[], None] = lambda: None
) -> "AsyncIterator[Settings]":
    """Settings whose `database_url` serves and is migrated; the embedded one runs as long as the block.

    `meanwhile` is done while PostgreSQL starts: loading our own parts takes about as long.
    """
    async with contextlib.AsyncExitStack() as stack:
        if settings.embedded:
            from msgspec.structs import replace

            from deskbell.embedded import EmbeddedPostgres

            postgres = EmbeddedPostgres(settings.postgres_folder, pg_bin=settings.pg_bin)
            stack.push_async_callback(postgres.stop)
            starting = asyncio.ensure_future(postgres.start())
            await asyncio.sleep(0)
            meanwhile()
            settings = replace(settings, database_url=await starting)
        if up_to_date:
            from deskbell.store.migrate import migrate

            await migrate(settings.database_url)
        yield settings


def _main(action: "Callable[[Settings], Awaitable[None]]", *, needs_port: bool = False) -> None:
    """Run a command: known failures become one sentence, Ctrl-C ends quietly."""
    gc.set_threshold(LOADED_OBJECTS)
    from deskbell.settings import SettingsError, load

    try:
        settings = load()
        if needs_port:
            _check_port(settings.host, settings.port)
        settings.secret_key()
    except (SettingsError, _Refusal) as error:
        _fail(str(error))
    try:
        _run_loop(action, settings)
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    except asyncio.CancelledError:
        return
    except Exception as error:
        sentence = _sentence(error, settings)
        if sentence is None:
            raise
        _fail(sentence)


def _run_loop(action: "Callable[[Settings], Awaitable[None]]", settings: "Settings") -> None:
    import uvloop

    from deskbell.kit import logs

    logs.configure(settings.log, settings.log_format)

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        # Until the server takes over, being asked to stop must still end PostgreSQL in good order.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await action(settings)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


class _Refusal(Exception):
    """A command cannot be done; the text is one sentence."""


def _check_port(host: str, port: int) -> None:
    """Say that a port is taken before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                other = port + 1 if port < 65535 else 8080
                raise _Refusal(f"Port {port} is taken: choose another, as in PORT={other}.") from None
            raise _Refusal(f"Port {port} on {host} cannot be used: {error.strerror or error}.") from None


def _sentence(error: Exception, settings: "Settings") -> str | None:
    """What to tell the person at the terminal; None for a fault of ours, which shows its traceback."""
    import asyncpg

    from deskbell.backup import BackupError
    from deskbell.embedded import EmbeddedError
    from deskbell.settings import SettingsError

    if isinstance(error, EmbeddedError | SettingsError | BackupError | _Refusal):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"The disk that holds {settings.data.absolute()} is full."
    if isinstance(error, asyncpg.DiskFullError):
        return "The disk of the database is full."
    unreachable = asyncpg.PostgresConnectionError | asyncpg.InvalidAuthorizationSpecificationError
    if isinstance(error, unreachable | asyncpg.InvalidCatalogNameError | ConnectionError | socket.gaierror):
        return f"The database of DATABASE_URL does not let us in: {error}."
    return None


def _fail(sentence: str) -> None:
    click.secho(sentence, fg="red", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
