"""What a start prints for the person at the terminal: where the desk is and how to get in."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deskbell.settings import Settings

LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class SignIn:
    """A demo account to show."""

    role: str
    email: str
    password: str


async def when_open(settings: Settings, panel: Panel) -> None:
    """Print `panel` once the port answers, so that no address is shown before it works."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    while True:
        try:
            _, writer = await asyncio.open_connection(host, settings.port)
        except OSError:
            await asyncio.sleep(LOOK_SECONDS)
            continue
        writer.close()
        Console(highlight=False).print(panel)
        return


def demo_panel(settings: Settings, sign_ins: Sequence[SignIn]) -> Panel:
    """Addresses and sign-ins of the demo."""
    rows = _table()
    rows.add_row("Shop with the widget", _link(settings, "/demo/shop"))
    rows.add_row("The desk", _link(settings, "/"))
    if not settings.smtp_host:
        rows.add_row("Captured mail", _link(settings, "/manage/mail"))
    if not settings.is_whatsapp:
        rows.add_row("A customer's phone", _address(settings.whatsapp_api))
        rows.add_row("", Text("WhatsApp as a simulator; nothing reaches WhatsApp", style="dim"))
    for person in sign_ins:
        rows.add_row(
            f"Sign in as {person.role}", Text.assemble(person.email, ("  password  ", "dim"), person.password)
        )
    return _panel("Deskbell demo", rows)


def desk_panel(settings: Settings, setup_token: str | None) -> Panel:
    """The address of the desk; on the first start also the token for the first admin (PEOPLE-2)."""
    rows = _table()
    rows.add_row("The desk", _link(settings, "/"))
    if setup_token:
        rows.add_row("First admin", _link(settings, "/setup"))
        rows.add_row("Setup token", Text(setup_token, style="bold"))
        rows.add_row("", Text("valid for 30 minutes and once; a new start prints another", style="dim"))
    return _panel("Deskbell", rows)


def _table() -> Table:
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    return rows


def _link(settings: Settings, path: str) -> Text:
    return _address(f"{settings.address}{path}")


def _address(address: str) -> Text:
    return Text(address, style=f"bold link {address}")


def _panel(title: str, rows: Table) -> Panel:
    return Panel(rows, title=title, subtitle="Ctrl-C stops it", padding=(1, 2), expand=False)
