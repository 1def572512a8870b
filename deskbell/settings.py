"""Every setting of the product, read from the environment; nothing else reads it.

Each field is an environment variable of the same name in capitals (`database_url` is `DATABASE_URL`).
docs/operate.md explains them to the person who runs the desk.
"""

import os
import re
import secrets
from collections.abc import Callable
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Meta

from deskbell.kit.net import is_public_host

Network = IPv4Network | IPv6Network
Networks = tuple[Network, ...]
Port = Annotated[int, Meta(ge=1, le=65535)]
Frames = Annotated[int, Meta(ge=1, le=1_000_000)]
Secret = Annotated[str, Meta(extra={"shown": False})]
"""Left out where settings are printed."""

WHATSAPP_API = "https://graph.facebook.com"
SECRET_FILE = "secret.key"
SECRET_BYTES = 32
DKIM = ("dkim_domain", "dkim_selector", "dkim_key")


class SettingsError(Exception):
    """Settings are wrong; the text is one sentence for each, for the person who set them."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process. Times are in the unit their name ends with.

    Made by `load`, which reads the environment and checks; made directly, nothing is read or checked.
    """

    data: Path = Path("data")
    """Folder for the embedded PostgreSQL, uploaded files, captured mail and the secret key."""

    host: str = "127.0.0.1"
    port: Port = 8080
    base_url: str = ""
    """Address people use, as in `https://desk.example.org`; empty means `http://localhost:PORT`."""
    trusted_proxies: Networks = ()
    """Networks whose X-Forwarded-For is believed (BLOCK-4); by default none."""

    database_url: Secret = ""
    """A PostgreSQL 15 or newer; empty starts the embedded one."""
    database_pool: Annotated[int, Meta(ge=2, le=90)] = 10
    pg_bin: Path | None = None
    """Folder with `postgres` and `initdb` for the embedded PostgreSQL; by default they are looked for."""
    writer_lanes: Annotated[int, Meta(ge=1, le=16)] = 2
    """Batches the desk keeps in flight at once; one conversation always stays in one lane."""

    s3_url: str = ""
    """Bucket for files, as in `s3://bucket/folder`; empty keeps them in the data folder."""
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_key: str = ""
    s3_secret: Secret = ""

    smtp_host: str = ""
    """Server that takes mail; empty catches all mail in the data folder instead."""
    smtp_port: Port = 587
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` never falls back to plain text; `none` is for a server on the same machine."""
    smtp_user: str = ""
    smtp_password: Secret = ""
    mail_from: str = "Deskbell <deskbell@localhost>"
    """Who mails are from, as in `Desk <desk@example.org>`."""

    mail_address: str = ""
    """Where answers to mails of conversations arrive, as in `support@desk.example.org`: the mailbox takes
    `support+anything@` too, and IMAP reads it. Empty: answers do not come into the desk."""
    dkim_domain: str = ""
    """Signs mails for this domain; with DKIM_SELECTOR and DKIM_KEY."""
    dkim_selector: str = ""
    dkim_key: Path | None = None
    """File with the private RSA key, PEM."""
    imap_host: str = ""
    """Server with the mailbox that is read; empty: no mail comes in."""
    imap_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """0: 993 with `tls`, else 143."""
    imap_tls: Literal["tls", "starttls", "none"] = "tls"
    """As smtp_tls: never falls back to plain text."""
    imap_user: str = ""
    imap_password: Secret = ""
    imap_mailbox: Annotated[str, Meta(min_length=1, max_length=200)] = "INBOX"
    imap_done: Annotated[str, Meta(max_length=200)] = ""
    """Folder that read mail is moved to; empty leaves it where it is, marked as seen."""
    imap_poll_s: Annotated[int, Meta(ge=10, le=3600)] = 60
    """How often a server without IDLE is asked."""
    imap_max_mb: Annotated[int, Meta(ge=1, le=100)] = 35
    """Of a larger mail only the beginning is taken, and the ticket says so."""
    imap_auth_server: str = ""
    """Name that our own mail server puts first into Authentication-Results; empty: nothing there is believed."""

    whatsapp_api: str = WHATSAPP_API
    """Where WhatsApp's Cloud API is. Anything but https on a public host is a simulator, which only the demo talks to."""
    whatsapp_version: Annotated[str, Meta(pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}\Z", examples=["v23.0"])] = (
        "v23.0"
    )

    secret: Secret = ""
    """Key for signatures, 32 characters or more; the same on all nodes. Empty: a file in the data folder."""
    drain_seconds: Annotated[int, Meta(ge=0, le=600)] = 10
    """How long open requests and sockets get to end when the server is asked to stop."""

    staff_frames_per_s: Frames = 50
    staff_frames_burst: Frames = 200
    visitor_frames_per_s: Frames = 10
    visitor_frames_burst: Frames = 50
    visitor_messages_per_s: Frames = 2
    visitor_messages_burst: Frames = 10
    """How much one socket, and one visitor, may send; more is refused with the time to wait."""

    log: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "text"] = "auto"
    """`auto`: text on a terminal, JSON lines otherwise."""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What may be shown: all but the secrets."""
        names = [field.name for field in msgspec.structs.fields(self) if field.type != Secret]
        return [(name, getattr(self, name)) for name in names]

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    @property
    def mail_base(self) -> str:
        """The address that answers go to, "" for none. Captured mails show what it would be."""
        return self.mail_address or ("" if self.smtp_host else parseaddr(self.mail_from)[1])

    @property
    def is_whatsapp(self) -> bool:
        """False when a simulator stands in its place."""
        parts = urlsplit(self.whatsapp_api)
        return parts.scheme == "https" and is_public_host(parts.hostname or "")

    def refuse_simulators(self) -> None:
        """For real use: a simulator in place of a service would take what customers must get. Raises SettingsError."""
        if not self.is_whatsapp:
            raise SettingsError(
                "WHATSAPP_API is wrong: must be https on a public host; only the demo talks to a simulator."
            )

    @property
    def embedded(self) -> bool:
        """True when the product runs its own PostgreSQL."""
        return not self.database_url

    @property
    def address(self) -> str:
        """The address people use, without a slash at the end."""
        return self.base_url or f"http://localhost:{self.port}"

    @property
    def postgres_folder(self) -> Path:
        return self.data / "postgres"

    @property
    def files_folder(self) -> Path:
        return self.data / "files"

    @property
    def mail_folder(self) -> Path:
        return self.data / "mail"

    def secret_key(self) -> bytes:
        """The key for signatures: SECRET, or a file made on the first start (0600). Raises SettingsError."""
        return self.secret.encode() if self.secret else _key_file(self.data / SECRET_FILE)


def load(**changes: Any) -> Settings:
    """The settings of this process; `changes` win over the environment. Raises SettingsError, which names all wrong ones."""
    fields = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    given = {name: text for name in fields if (text := os.environ.get(name.upper()))} | changes
    wrong: list[str] = []
    for name in [name for name in fields if name in given]:
        try:
            given[name] = _read(name, fields[name], given[name])
        except ValueError as error:
            wrong.append(f"{name.upper()} is wrong: {error}.")
    if 0 < sum(bool(given.get(name)) for name in DKIM) < len(DKIM):
        wrong.append("DKIM needs all of DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY.")
    if wrong:
        raise SettingsError(" ".join(wrong))
    return Settings(**given)


def _read(name: str, kind: Any, given: Any) -> Any:
    """The value of a setting. Raises ValueError, whose text goes on after "... is wrong: "."""
    if kind == Networks:
        return _networks(given)
    plain, limits = _taken_apart(kind)
    if isinstance(given, str) and plain is not str:
        given = given.strip()
    if isinstance(given, str) and get_origin(plain) is Literal:
        given = given.lower()
    try:
        value = msgspec.convert(given, kind, strict=False, dec_hook=lambda made, of: made(of))
        if isinstance(value, str):
            value.encode()
    except (msgspec.ValidationError, UnicodeError) as error:
        # msgspec's own words may hold the value, and speak of types.
        raise ValueError(_rule(plain, limits, str(error))) from None
    return CHECKS[name](value) if name in CHECKS else value


def _taken_apart(kind: Any) -> tuple[Any, Meta]:
    """A type, and what limits its values."""
    return (kind.__origin__, kind.__metadata__[0]) if get_origin(kind) is Annotated else (kind, Meta())


def _rule(plain: Any, limits: Meta, found: str) -> str:
    """What a value must be, in plain words; `found` is what msgspec has to say."""
    if get_origin(plain) is Literal:
        *first, last = (f"'{choice}'" for choice in get_args(plain))
        return f"must be {', '.join(first)} or {last}"
    if plain is int:
        if "<=" in found:
            return f"must be at most {limits.le}"
        if ">=" in found:
            return f"must be at least {limits.ge}"
        return f"must be a whole number from {limits.ge} to {limits.le}"
    if limits.examples:
        return f"must look like {limits.examples[0]}"
    if limits.max_length:
        least = f"{limits.min_length} to" if limits.min_length else "at most"
        return f"must have {least} {limits.max_length} characters"
    return "must be text in UTF-8"


def _networks(given: str | Networks) -> Networks:
    if isinstance(given, str):
        return tuple(ip_network(part.strip()) for part in given.split(",") if part.strip())
    return given


def _parts(url: str) -> SplitResult | None:
    """None for what is no address. What is wrong with it is not told: that would show the password in it."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _checked_url(value: str, *schemes: str) -> str:
    parts = _parts(value)
    if value and (parts is None or parts.scheme not in schemes or not parts.netloc):
        raise ValueError(f"must look like {schemes[0]}://host")
    return value


def _base_url(value: str) -> str:
    return _checked_url(value, "http", "https").rstrip("/")


def _whatsapp_api(value: str) -> str:
    return _checked_url(value, "https", "http").rstrip("/")


def _s3_url(value: str) -> str:
    return _checked_url(value, "s3")


def _database_url(value: str) -> str:
    parts = _parts(value)
    if value and (parts is None or parts.scheme not in ("postgresql", "postgres")):
        raise ValueError("must look like postgresql://user@host/name")
    return value


def _mail_from(value: str) -> str:
    try:
        name, address = parseaddr(value)
        Address(name, addr_spec=address)
    except (ValueError, IndexError, MessageError):
        raise ValueError("must look like Desk <desk@example.org>") from None
    return value


def _mail_address(value: str) -> str:
    # Plain and short, so that a number and its signature fit in before the @ (see channels/email/addressing.py).
    if value and not re.fullmatch(r"[A-Za-z0-9._+-]{1,30}@[A-Za-z0-9.-]{1,200}", value, re.ASCII):
        raise ValueError(
            "must look like support@desk.example.org, with at most 30 plain characters before the @"
        )
    return value.lower()


def _dkim_name(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9._-]{1,200}", value, re.ASCII):
        raise ValueError("must be a plain name, as in example.org")
    return value


def _secret(value: str) -> str:
    if value and len(value) < SECRET_BYTES:
        raise ValueError(f"must have at least {SECRET_BYTES} characters")
    return value


CHECKS: dict[str, Callable[[str], str]] = {
    "base_url": _base_url,
    "whatsapp_api": _whatsapp_api,
    "database_url": _database_url,
    "s3_url": _s3_url,
    "mail_from": _mail_from,
    "mail_address": _mail_address,
    "dkim_domain": _dkim_name,
    "dkim_selector": _dkim_name,
    "secret": _secret,
}
"""What is asked of single settings besides their type."""


def _key_file(path: Path) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(SECRET_BYTES).encode())
        key = path.read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"The secret key {path} cannot be read or made: {error.strerror}.") from None
    if len(key) < SECRET_BYTES:
        raise SettingsError(f"The secret key {path} is shorter than {SECRET_BYTES} characters.")
    return key


def _write_once(path: Path, key: bytes) -> None:
    """Write beside and link, so that two nodes starting at once agree on one whole key."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, key)
        os.fsync(descriptor)
        os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        os.close(descriptor)
        beside.unlink(missing_ok=True)
