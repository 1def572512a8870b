"""What goes wrong on purpose: a status, a code for programs and a sentence for people (docs/protocol.md)."""

from typing import Any

import msgspec
from litestar import Request, Response

from deskbell.domain.errors import Refused
from deskbell.kit.text import BadText
from deskbell.kit.tokens import Busy


class Problem(Exception):
    """Raised by a handler; becomes the answer `{"error": {...}}`. `retry_after` in seconds."""

    def __init__(
        self,
        status: int,
        code: str,
        text: str,
        *,
        field: str | None = None,
        limit: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text
        self.field, self.limit, self.retry_after = field, limit, retry_after


def not_found(what: str = "page") -> Problem:
    """Also for what exists but is not theirs: the two are not told apart."""
    return Problem(404, "not_found", f"There is no such {what}.")


def forbidden(text: str) -> Problem:
    return Problem(403, "forbidden", text)


def body(problem: Problem) -> bytes:
    """The JSON of an error."""
    error: dict[str, Any] = {"code": problem.code, "text": problem.text}
    if problem.field is not None:
        error["field"] = problem.field
    if problem.limit is not None:
        error["limit"] = problem.limit
    return msgspec.json.encode({"error": error})


def answer(problem: Problem) -> Response[bytes]:
    headers = {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
    return Response(body(problem), status_code=problem.status, headers=headers, media_type="application/json")


def on_problem(_: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    return answer(problem)


_STATUS = {
    "rate": 429,
    "not_found": 404,
    "forbidden": 403,
    "closed": 409,
    "taken": 409,
    "unavailable": 409,
    "address": 409,
    "retry": 503,
    "busy": 503,
    "internal": 500,
}


def on_refused(_: Request[Any, Any, Any], refused: Refused) -> Response[bytes]:
    wait = 1 if refused.code in ("retry", "busy") else None
    return answer(Problem(_STATUS.get(refused.code, 400), refused.code, refused.text, retry_after=wait))


def on_bad_text(_: Request[Any, Any, Any], error: BadText) -> Response[bytes]:
    code = "bad_text" if error.limit is None else "too_long"
    return answer(Problem(400, code, str(error), limit=error.limit))


def on_busy(_: Request[Any, Any, Any], __: Busy) -> Response[bytes]:
    return answer(Problem(503, "busy", "The desk is very busy. Please try again in a moment.", retry_after=2))


HANDLERS: dict[int | type[Exception], Any] = {
    Problem: on_problem,
    Refused: on_refused,
    BadText: on_bad_text,
    Busy: on_busy,
}
"""For the application's `exception_handlers`; what the framework itself raises is answered in errors.py."""
