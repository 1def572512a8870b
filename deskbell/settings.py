"""Every setting of the product, read from the environment; nothing else reads it.

Each field is an environment variable of the same name in capitals (`database_url` is `DATABASE_URL`).
docs/operate.md explains them to the person who runs the desk.
"""

import os
import re
import secrets
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from deskbell.kit.net import is_public_host

Network = IPv4Network | IPv6Network

SECRET_FILE = "secret.key"
SECRET_BYTES = 32


class SettingsError(Exception):
    """A setting is wrong; the text is one sentence for the person who set it."""


class Settings(BaseSettings):
    """The settings of one process. Times are in the unit their name ends with."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    data: Path = Path("data")
    """Folder for the embedded PostgreSQL, uploaded files, captured mail and the secret key."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    base_url: str = ""
    """Address people use, as in `https://desk.example.org`; empty means `http://localhost:PORT`."""
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    """Networks whose X-Forwarded-For is believed (BLOCK-4); by default none."""

    database_url: str = Field(default="", repr=False)
    """A PostgreSQL 15 or newer; empty starts the embedded one."""
    database_pool: int = Field(default=10, ge=2, le=90)
    pg_bin: Path | None = None
    """Folder with `postgres` and `initdb` for the embedded PostgreSQL; by default they are looked for."""
    writer_lanes: int = Field(default=2, ge=1, le=16)
    """Batches the desk keeps in flight at once; one conversation always stays in one lane."""

    s3_url: str = ""
    """Bucket for files, as in `s3://bucket/folder`; empty keeps them in the data folder."""
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_key: str = ""
    s3_secret: str = Field(default="", repr=False)

    smtp_host: str = ""
    """Server that takes mail; empty catches all mail in the data folder instead."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` never falls back to plain text; `none` is for a server on the same machine."""
    smtp_user: str = ""
    smtp_password: str = Field(default="", repr=False)
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
    imap_port: int = Field(default=0, ge=0, le=65535)
    """0: 993 with `tls`, else 143."""
    imap_tls: Literal["tls", "starttls", "none"] = "tls"
    """As smtp_tls: never falls back to plain text."""
    imap_user: str = ""
    imap_password: str = Field(default="", repr=False)
    imap_mailbox: str = Field(default="INBOX", min_length=1, max_length=200)
    imap_done: str = Field(default="", max_length=200)
    """Folder that read mail is moved to; empty leaves it where it is, marked as seen."""
    imap_poll_s: int = Field(default=60, ge=10, le=3600)
    """How often a server without IDLE is asked."""
    imap_max_mb: int = Field(default=35, ge=1, le=100)
    """Of a larger mail only the beginning is taken, and the ticket says so."""
    imap_auth_server: str = ""
    """Name that our own mail server puts first into Authentication-Results; empty: nothing there is believed."""

    whatsapp_api: str = "https://graph.facebook.com"
    """Where WhatsApp's Cloud API is. Anything but https on a public host is a simulator, which only the demo talks to."""
    whatsapp_version: str = Field(default="v23.0", pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")

    secret: str = Field(default="", repr=False)
    """Key for signatures, 32 characters or more; the same on all nodes. Empty: a file in the data folder."""
    drain_seconds: int = Field(default=10, ge=0, le=600)
    """How long open requests and sockets get to end when the server is asked to stop."""

    staff_frames_per_s: int = Field(default=50, ge=1, le=1_000_000)
    staff_frames_burst: int = Field(default=200, ge=1, le=1_000_000)
    visitor_frames_per_s: int = Field(default=10, ge=1, le=1_000_000)
    visitor_frames_burst: int = Field(default=50, ge=1, le=1_000_000)
    visitor_messages_per_s: int = Field(default=2, ge=1, le=1_000_000)
    visitor_messages_burst: int = Field(default=10, ge=1, le=1_000_000)
    """How much one socket, and one visitor, may send; more is refused with the time to wait."""

    log: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "text"] = "auto"
    """`auto`: text on a terminal, JSON lines otherwise."""

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value

    @field_validator("log", "log_format", "smtp_tls", "imap_tls", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("base_url")
    @classmethod
    def _base_url(cls, value: str) -> str:
        return _checked_url(value, "http", "https").rstrip("/") if value else value

    @field_validator("whatsapp_api")
    @classmethod
    def _whatsapp_api(cls, value: str) -> str:
        return _checked_url(value, "https", "http").rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database_url(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("postgresql", "postgres"):
            raise ValueError("must begin with postgresql://")
        return value

    @field_validator("s3_url")
    @classmethod
    def _s3_url(cls, value: str) -> str:
        return _checked_url(value, "s3") if value else value

    @field_validator("mail_from")
    @classmethod
    def _mail_from(cls, value: str) -> str:
        try:
            name, address = parseaddr(value)
            Address(name, addr_spec=address)
        except (ValueError, IndexError, MessageError):
            raise ValueError("must look like Desk <desk@example.org>") from None
        return value

    @field_validator("mail_address")
    @classmethod
    def _mail_address(cls, value: str) -> str:
        # Plain and short, so that a number and its signature fit in before the @ (see channels/email/addressing.py).
        if value and not re.fullmatch(r"[A-Za-z0-9._+-]{1,30}@[A-Za-z0-9.-]{1,200}", value, re.ASCII):
            raise ValueError(
                "must look like support@desk.example.org, with at most 30 plain characters before the @"
            )
        return value.lower()

    @field_validator("dkim_domain", "dkim_selector")
    @classmethod
    def _dkim_name(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9._-]{1,200}", value, re.ASCII):
            raise ValueError("must be a plain name, as in example.org")
        return value

    @field_validator("secret")
    @classmethod
    def _secret(cls, value: str) -> str:
        if value and len(value) < SECRET_BYTES:
            raise ValueError(f"must have at least {SECRET_BYTES} characters")
        return value

    @model_validator(mode="after")
    def _dkim(self) -> "Settings":
        given = (bool(self.dkim_domain), bool(self.dkim_selector), self.dkim_key is not None)
        if any(given) and not all(given):
            raise ValueError("DKIM needs all of DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY")
        return self

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
    """The settings of this process; `changes` win over the environment. Raises SettingsError."""
    try:
        return Settings(**changes)
    except ValidationError as error:
        raise SettingsError(" ".join(_sentence(dict(problem)) for problem in error.errors())) from None


def _sentence(problem: dict[str, Any]) -> str:
    name = str(problem["loc"][0]).upper() if problem["loc"] else "A setting"
    message = str(problem["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{name} is wrong: {message[:1].lower()}{message[1:]}."


def _checked_url(value: str, *schemes: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in schemes or not parts.netloc:
        raise ValueError(f"must look like {schemes[0]}://host")
    return value


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
