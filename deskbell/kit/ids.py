"""Ids and tokens that nobody can guess, and how a token is kept at rest."""

import hashlib
import secrets


def token() -> str:
    """A secret of 256 random bits, 43 characters fit for headers, cookies and addresses."""
    return secrets.token_urlsafe(32)


def public_id() -> str:
    """128 random bits as 32 hex digits: an id that may be known but not guessed."""
    return secrets.token_hex(16)


def site_key() -> str:
    """A site's public key, 80 random bits, 16 letters and digits that survive being typed."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(16))


def digest(secret: str) -> bytes:
    """What is stored in place of a random token; enough, because 256 random bits cannot be tried out."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
