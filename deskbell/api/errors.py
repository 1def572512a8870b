"""What nobody raised on purpose, in the one shape of errors: the framework's own, a database away, a fault."""

import re
import secrets
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from deskbell.api.problems import Problem, answer
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY

log = Log()

_CODES = {
    400: "bad_input",
    401: "signed_out",
    403: "forbidden",
    404: "not_found",
    405: "not_allowed",
    413: "too_long",
}


_PLAIN = [
    (re.compile(pattern), text)
    for pattern, text in (
        (r"'data'|Input data was truncated", "The request needs a body of whole JSON."),
        (r"Expected `str` of length <= (\d+)", "At most {} characters."),
        (r"Expected `str` of length >= (\d+)", "At least {} characters."),
        (r"Expected `array` of length <= (\d+)", "At most {} of them."),
        (r"Expected `array` of length >= (\d+)", "At least {} of them."),
        (r"Expected `object` of length <= (\d+)", "At most {} of them."),
        (r"Expected `(?:int|float)` <= (-?\d+)", "At most {}."),
        (r"Expected `(?:int|float)` >= (-?\d+)", "At least {}."),
        (r"Expected `str` matching regex '(.+)'", "It must be made like this: {}"),
        (r"Object contains unknown field `(.+)`", "There is no field named {} here."),
        (r"Object missing required field `(.+)`", "The field {} is missing."),
        (r"Invalid enum value (.+)", "{} cannot be chosen here."),
    )
]
"""What the decoder says of a value, and how we say it: people read it too, beside the field."""
_OTHER_KIND = re.compile(r"Expected `(.+)`, got `(.+)`")
_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}
_BODY = "data"  # what the whole body is called inside
_SHOWN = {"whose": "scope", "since": "from", "until": "to"}  # parameters that go by another name inside


def on_http(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Unknown paths, methods, and bodies that do not fit their type."""
    status = error.status_code
    text = {404: "There is no such page.", 405: "This cannot be done here."}.get(status) or _plain(
        error.detail
    )[0]
    return answer(Problem(status, _CODES.get(status, "bad_input"), text))


def on_invalid(_: Request[Any, Any, Any], error: ValidationException) -> Response[bytes]:
    """The first thing that is wrong, with the name of its field."""
    extra = error.extra if isinstance(error.extra, list) else []
    first = extra[0] if extra and isinstance(extra[0], dict) else {}
    key = str(first.get("key") or "")
    text, limit = _plain(str(first.get("message") or "This could not be understood.")[:300])
    field = None if key in ("", _BODY) else _SHOWN.get(key, key)
    return answer(Problem(400, "bad_input", text, field=field, limit=limit))


def _plain(message: str) -> tuple[str, int | None]:
    """In plain words, with the limit that they name."""
    other = _OTHER_KIND.fullmatch(message)
    if other is not None:
        wanted, got = (
            re.sub(r"\w+", lambda kind: _KINDS.get(kind[0], kind[0]), said) for said in other.groups()
        )
        return f"It must be {wanted}, not {got}.", None
    for pattern, text in _PLAIN:
        found = pattern.fullmatch(message)
        if found is not None:
            return text.format(*found.groups()), int(found[1]) if text.startswith("At most") else None
    return message, None


def on_unreadable(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    return answer(Problem(400, "bad_input", f"This could not be understood: {str(error)[:200]}"))


def on_away(_: Request[Any, Any, Any], __: Exception) -> Response[bytes]:
    return answer(Problem(503, "retry", "The desk cannot be reached just now.", retry_after=2))


def on_fault(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The last resort: a number for the log, nothing of the inside for strangers."""
    number = secrets.token_hex(4)
    log.exception("request_failed", number=number, exc_info=error)
    return answer(Problem(500, "internal", f"Something went wrong here ({number}). Nothing was lost."))


HANDLERS: dict[int | type[Exception], Any] = {
    HTTPException: on_http,
    ValidationException: on_invalid,
    msgspec.DecodeError: on_unreadable,
    UnicodeError: on_unreadable,
    RecursionError: on_unreadable,
    **dict.fromkeys(AWAY, on_away),
    Exception: on_fault,
}
