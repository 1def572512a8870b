"""Addresses and message ids that carry a conversation's number, signed: what comes back to them finds its conversation
(CHANNEL-4). Pure.

Whoever knows such an address may write into that conversation and nothing more: it never shows anything. The signature
has 80 bits in letters and digits that survive a server which folds case.
"""

import base64
import hashlib
import hmac
import re
from email.headerregistry import Address

LONGEST_LOCAL = 30
"""Characters before the @ of a base address: with number and signature it stays within the 64 that mail allows."""
_SIGNATURE_BYTES = 10
_SIGNED = r"([1-9][0-9]{0,11})\.([a-z2-7]{16})"
_ADDRESS = re.compile(rf"[^@\s<>]{{1,40}}\+c{_SIGNED}@[a-z0-9.:\[\]-]{{1,255}}", re.ASCII)
_MESSAGE_ID = re.compile(
    r"<?c([1-9][0-9]{0,11})\.([a-z])([0-9]{1,10})\.([a-z2-7]{16})@[a-z0-9.:\[\]-]{1,255}>?", re.ASCII
)
_LONGEST = 330


def mail_key(secret: bytes) -> bytes:
    """The key of this module, from the secret of the installation."""
    return hmac.digest(secret, b"deskbell mail addresses", hashlib.sha256)


def reply_address(base: str, number: int, key: bytes) -> str:
    """`support@host` and 123 become `support+c123.<signature>@host`."""
    local, _, host = base.rpartition("@")
    return f"{local}+c{number}.{_signature(key, f'address {number}')}@{host}"


def number_of(address: str, key: bytes) -> int | None:
    """The conversation of a reply address; None for any other, also when signed with another key."""
    if len(address) > _LONGEST or (found := _ADDRESS.fullmatch(address.strip().lower())) is None:
        return None
    number = int(found[1])
    return number if _same(_signature(key, f"address {number}"), found[2]) else None


def message_id(number: int, seq: int, key: bytes, domain: str, kind: str = "m") -> str:
    """Of what entry `seq` says; the same entry has the same id however often it is sent. With angle brackets.

    `kind`: one small letter: `m` a message, `t` a transcript up to that entry. Entry 0 is the thread itself, which all
    mails of a conversation refer to.
    """
    signature = _signature(key, f"{kind} {number} {seq}")
    return f"<c{number}.{kind}{seq}.{signature}@{domain}>"


def number_of_message_id(message_id: str, key: bytes) -> int | None:
    """The conversation of an id that `message_id` made; None for any other."""
    if len(message_id) > _LONGEST or (found := _MESSAGE_ID.fullmatch(message_id.strip().lower())) is None:
        return None
    number, kind, seq = int(found[1]), found[2], int(found[3])
    return number if _same(_signature(key, f"{kind} {number} {seq}"), found[4]) else None


def domain_of(address: str) -> str:
    """What stands behind the @ of a plain address."""
    return address.rpartition("@")[2].lower()


def why_not_base(address: str) -> str | None:
    """Why this cannot be an address that mails are sent from; None: it can."""
    try:
        parsed = Address(addr_spec=address)
    except (ValueError, IndexError):
        return "This is not an e-mail address."
    if not re.fullmatch(r"[\w.+-]+@[A-Za-z0-9.-]+", parsed.addr_spec, re.ASCII):
        return "Only plain letters, digits and . + - _ may stand in this address."
    if len(parsed.username) > LONGEST_LOCAL:
        return f"At most {LONGEST_LOCAL} characters may stand before the @ of this address."
    return "At most 200 characters may stand after the @." if len(parsed.domain) > 200 else None


def _signature(key: bytes, what: str) -> str:
    mac = hmac.digest(key, what.encode(), hashlib.sha256)[:_SIGNATURE_BYTES]
    return base64.b32encode(mac).decode().lower()


def _same(right: str, given: str) -> bool:
    return hmac.compare_digest(right.encode(), given.encode())
