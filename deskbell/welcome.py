"""What a start prints for the person at the terminal: where the desk is and how to get in."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import click

from deskbell.settings import Settings

LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class SignIn:
    """A demo account to show."""

    role: str
    email: str
    password: str


async def when_open(settings: Settings, text: str) -> None:
    """Print `text` once the port answers, so that no address is shown before it works."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    while True:
        try:
            _, writer = await asyncio.open_connection(host, settings.port)
        except OSError:
            await asyncio.sleep(LOOK_SECONDS)
            continue
        writer.close()
        click.echo(text)
        return


def of_demo(settings: Settings, sign_ins: Sequence[SignIn]) -> str:
    """Addresses and sign-ins of the demo."""
    rows = [
        ("Shop with the widget", _bold(f"{settings.address}/demo/shop")),
        ("The desk", _bold(f"{settings.address}/")),
    ]
    if not settings.smtp_host:
        rows.append(("Captured mail", _bold(f"{settings.address}/manage/mail")))
    if not settings.is_whatsapp:
        rows.append(("A customer's phone", _bold(settings.whatsapp_api)))
        rows.append(("", _dim("WhatsApp as a simulator; nothing reaches WhatsApp")))
    for person in sign_ins:
        rows.append((f"Sign in as {person.role}", f"{person.email}  {_dim('password')}  {person.password}"))
    return _page("Deskbell demo", rows)


def of_desk(settings: Settings, setup_token: str | None) -> str:
    """The address of the desk; on the first start also the token for the first admin (PEOPLE-2)."""
    rows = [("The desk", _bold(f"{settings.address}/"))]
    if setup_token:
        rows.append(("First admin", _bold(f"{settings.address}/setup")))
        rows.append(("Setup token", _bold(setup_token)))
        rows.append(("", _dim("valid for 30 minutes and once; a new start prints another")))
    return _page("Deskbell", rows)


def _page(title: str, rows: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    lines = [f"    {_dim(name.ljust(width))}   {value}" for name, value in rows]
    return "\n".join(["", f"  {_bold(title)}", "", *lines, "", f"  {_dim('Ctrl-C stops it.')}", ""])


def _bold(text: str) -> str:
    return click.style(text, bold=True)


def _dim(text: str) -> str:
    return click.style(text, dim=True)
