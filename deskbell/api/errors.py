"""What nobody raised on purpose, in the one shape of errors: the framework's own, a database away, a fault."""

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


_SHOWN = {"whose": "scope", "since": "from", "until": "to"}  # parameters that go by another name inside


def on_http(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Unknown paths, methods, and bodies that do not fit their type."""
    status = error.status_code
    text = {404: "There is no such page.", 405: "This cannot be done here."}.get(status, error.detail)
    return answer(Problem(status, _CODES.get(status, "bad_input"), text))


def on_invalid(_: Request[Any, Any, Any], error: ValidationException) -> Response[bytes]:
    """The first thing that is wrong, with the name of its field."""
    extra = error.extra if isinstance(error.extra, list) else []
    first = extra[0] if extra and isinstance(extra[0], dict) else {}
    field = _SHOWN.get(str(first.get("key")), first.get("key"))
    text = str(first.get("message") or "This could not be understood.")[:300]
    return answer(Problem(400, "bad_input", text, field=str(field) if field else None))


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
