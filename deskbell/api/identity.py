"""Signed-in users of a site, proven by a short-lived JWT that the site signs with its own secret (VISITOR-6)."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

from deskbell.api.problems import Problem
from deskbell.kit import text
from deskbell.store.identities import Proven
from deskbell.store.sites import Site

ALGORITHM = "HS256"
LIVES = timedelta(minutes=10)
SKEW = timedelta(seconds=60)
SUBJECT = 200


def secret_of(desk_secret: bytes, site: Site, version: int | None = None) -> str:
    """The present secret of a site. It is made from the desk's own one, so it is stored nowhere."""
    message = "\x00".join(("identity", site.key, str(site.identity_version if version is None else version)))
    made = hmac.digest(desk_secret, message.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def proven_by(desk_secret: bytes, site: Site, signed: str, now: datetime) -> Proven:
    """What the site says of its user. Raises Problem 401 for anything but a fresh JWT of this very site."""
    if site.identity_version == 0:
        raise _refused("no secret was made for this site")
    import jwt  # for sites that sign their users in; it loads most of a cryptographic library

    try:
        claims: dict[str, Any] = jwt.decode(
            signed,
            secret_of(desk_secret, site),
            algorithms=[ALGORITHM],
            audience=site.key,
            options={
                "require": ["exp", "iat", "sub", "aud"],
                "verify_exp": False,  # looked at below, by the desk's own clock
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError as error:
        raise _refused(type(error).__name__) from None
    signed_at, until = _moment(claims["iat"]), _moment(claims["exp"])
    if until <= now:
        raise _refused("it has expired")
    if signed_at > now + SKEW or until - signed_at > LIVES:
        raise _refused("it must live at most 10 minutes, from now on")
    try:
        email = claims.get("email") or ""
        return Proven(
            text.needed_name(claims["sub"], SUBJECT, "sub"),
            text.email(_words(email)) if email else "",
            text.name(_words(claims.get("name") or ""), text.NAME_LIMIT),
            signed_at,
        )
    except text.BadText as error:
        raise _refused(str(error)) from None


def _moment(seconds: object) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds < 2**33:
        raise _refused("exp and iat must be whole seconds")
    return datetime.fromtimestamp(seconds, UTC)


def _words(value: object) -> str:
    if not isinstance(value, str):
        raise text.BadText("email and name must be text.")
    return value


def _refused(why: str) -> Problem:
    return Problem(401, "identity", f"This identity is not accepted: {why}.")
