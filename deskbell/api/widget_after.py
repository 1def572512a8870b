"""After the end: the customer rates the chat and asks for the transcript (VISITOR-9, SUPERVISOR-4)."""

from typing import Annotated, Literal

from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from deskbell.api.auth import VisitorUser
from deskbell.api.conversations import Acked, TheDesk, acked
from deskbell.api.ports import Here
from deskbell.api.schemas import Body
from deskbell.api.widget_chat import ConversationInQuery
from deskbell.domain.commands import Rate, SendTranscript
from deskbell.domain.people import Customer
from deskbell.domain.surveys import SCORES, why_closed
from deskbell.kit.text import clean, email
from deskbell.realtime.frames import ClientId, ConversationId, ShortText
from deskbell.store import surveys

COMMENT = 1_000


class Survey(Struct, frozen=True, kw_only=True):
    """`question` and `thanks` are "" for the usual words; `score` is null until it is rated; `open`: it takes answers."""

    kind: Literal["csat", "nps"]
    question: str
    thanks: str
    least: int
    most: int
    score: int | None
    comment: str
    open: bool


class After(Struct, frozen=True):
    survey: Survey | None


class Rating(Body):
    id: ClientId
    c: ConversationId
    score: Annotated[int, Meta(ge=0, le=10)]
    comment: Annotated[str, Meta(max_length=COMMENT)] = ""


class Wish(Body):
    """`email`: for whoever has none that is verified."""

    id: ClientId
    c: ConversationId
    email: ShortText = ""


@get("/api/widget/after")
async def read(visitor: VisitorUser, edge: Here, desk: TheDesk, c: ConversationInQuery) -> After:
    """What is asked of the customer about the last end."""
    await desk.reader.load(Customer(visitor.customer_id), c)
    asked = (await surveys.of(edge.pool, [c])).get(c)
    if not asked:
        return After(None)
    last, preferences = asked[-1], desk.directory.preferences
    least, most = SCORES[last.kind]
    return After(
        Survey(
            kind="csat" if last.kind == "csat" else "nps",
            question=preferences.survey_question,
            thanks=preferences.survey_thanks,
            least=least,
            most=most,
            score=last.score,
            comment=last.comment,
            open=why_closed(last, edge.clock.now()) is None,
        )
    )


@post("/api/widget/rate", status_code=200)
async def rate(data: JSONBody[Rating], visitor: VisitorUser, edge: Here, desk: TheDesk) -> Acked:
    edge.limits.before_wish(data.c, edge.clock.now().timestamp())
    comment = clean(data.comment, COMMENT, "The comment").strip()
    command = Rate(data.c, Customer(visitor.customer_id), data.id, None, data.score, comment)
    return acked(data.id, await desk.perform(command))


@post("/api/widget/transcript", status_code=200)
async def transcript(data: JSONBody[Wish], visitor: VisitorUser, edge: Here, desk: TheDesk) -> Acked:
    edge.limits.before_wish(data.c, edge.clock.now().timestamp())
    address = email(data.email) if data.email else ""
    command = SendTranscript(data.c, Customer(visitor.customer_id), data.id, address)
    return acked(data.id, await desk.perform(command))


route_handlers = [read, rate, transcript]
