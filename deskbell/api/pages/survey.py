"""The page behind the link in a transcript: how was it? (SUPERVISOR-4). It needs no script.

Looking at it changes nothing, so that programs which follow every link in a mail rate nothing. Whoever has the link
may answer for its one closing and sees nothing of the conversation.
"""

from html import escape
from typing import Annotated, Any
from urllib.parse import parse_qs

from litestar import Request, Response, get, post
from litestar.params import PathParameter, QueryParameter

from deskbell.api.conversations import TheDesk
from deskbell.api.pages.screens import html, plain
from deskbell.api.ports import Edge, Here
from deskbell.api.widget_after import COMMENT
from deskbell.channels.email import paper, words
from deskbell.desk.desk import Desk
from deskbell.domain.commands import Rate
from deskbell.domain.errors import Refused
from deskbell.domain.people import Customer
from deskbell.domain.surveys import SCORES, why_closed
from deskbell.kit.ids import public_id
from deskbell.kit.text import BadText, clean
from deskbell.kit.tokens import signed
from deskbell.store import surveys
from deskbell.store.surveys import Asked

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
Number = Annotated[int, PathParameter(ge=1, le=2**62)]
Closing = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
Signature = Annotated[str, QueryParameter(max_length=100)]
Score = Annotated[str, QueryParameter(max_length=2)]


@get("/survey/{number:int}/{closing:int}", include_in_schema=False)
async def show(
    number: Number, closing: Closing, edge: Here, desk: TheDesk, sig: Signature = "", score: Score = ""
) -> Response[str]:
    asked = await _asked(edge, number, closing, sig)
    if asked is None:
        return _nothing()
    chosen = int(score) if score.isascii() and score.isdecimal() else asked.survey.score
    return _page(asked, desk, _form(asked, desk, chosen, asked.survey.comment, edge))


@post("/survey/{number:int}/{closing:int}", include_in_schema=False, status_code=200)
async def answer(
    request: Request[Any, Any, Any],
    number: Number,
    closing: Closing,
    edge: Here,
    desk: TheDesk,
    sig: Signature = "",
) -> Response[str]:
    edge.limits.before_wish(number, edge.clock.now().timestamp())
    asked = await _asked(edge, number, closing, sig)
    if asked is None:
        return _nothing()
    phrases = words.phrases(asked.locale)
    given = _given(await request.body())
    score, comment = given.get("score", ""), given.get("comment", "")
    chosen = int(score) if score.isascii() and score.isdecimal() and len(score) <= 2 else -1
    try:
        comment = clean(comment, COMMENT, "The comment").strip()
        await desk.perform(Rate(number, Customer(asked.customer_id), public_id(), closing, chosen, comment))
    except (Refused, BadText) as refused:
        if (chosen, comment) != (asked.survey.score, asked.survey.comment):
            return _page(asked, desk, _form(asked, desk, chosen, comment, edge, str(refused)), 400)
    thanks = desk.directory.preferences.survey_thanks or phrases.thanks
    return _page(asked, desk, f"<h1>{escape(thanks)}</h1><p>{escape(phrases.change)}</p>")


async def _asked(edge: Edge, number: int, closing: int, sig: str) -> Asked | None:
    """None for a link that is not ours or no longer holds; the two are not told apart."""
    now = int(edge.clock.now().timestamp())
    good = signed(edge.secret, "survey", f"{number}.{closing}", sig, now)
    return await surveys.one(edge.pool, number, closing) if good else None


def _nothing() -> Response[str]:
    """A page, not a line of JSON: customers come from a mail, perhaps long after."""
    text = "<h1>This link does not work</h1><p>It may be incomplete, or too old. Thank you for your time all the same.</p>"
    return plain("Rating", text, 404)


def _given(body: bytes) -> dict[str, str]:
    """The fields of the form, the last of each name."""
    try:
        found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10, keep_blank_values=True)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in found.items()}


def _form(asked: Asked, desk: Desk, score: int | None, comment: str, edge: Edge, error: str = "") -> str:
    phrases, survey = words.phrases(asked.locale), asked.survey
    closed = why_closed(survey, edge.clock.now())
    if closed:
        return f"<h1>{escape(phrases.thanks)}</h1><p>{escape(closed)}</p>"
    usual = phrases.question_csat if survey.kind == "csat" else phrases.question_nps
    least, most = SCORES[survey.kind]
    choices = "".join(
        f'<label><input type="radio" name="score" value="{n}" required{" checked" if n == score else ""}>'
        f"<span>{n}</span></label>"
        for n in range(least, most + 1)
    )
    return (
        f'<form method="post"><fieldset><legend>{escape(desk.directory.preferences.survey_question or usual)}</legend>'
        f'<div class="scores">{choices}</div></fieldset>'
        f'<label class="comment">{escape(phrases.comment)}<textarea name="comment" rows="4" maxlength="{COMMENT}">'
        f"{escape(comment)}</textarea></label>"
        + (f'<p role="alert">{escape(error)}</p>' if error else "")
        + f"<button>{escape(phrases.send)}</button></form>"
    )


def _page(asked: Asked, desk: Desk, content: str, status: int = 200) -> Response[str]:
    color = paper.safe_color(asked.color)
    phrases = words.phrases(asked.locale)
    return html(
        f'<!doctype html><html lang="{words.language_of(asked.locale)}" dir="{words.direction(asked.locale)}"><head>'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex"><link rel="icon" href="/favicon.svg" type="image/svg+xml">'
        f"<title>{escape(phrases.rate)}</title><style>:root{{--brand:{color};--ink:{paper.ink_on(color)}}}{_STYLE}</style>"
        f'</head><body><main><p class="site">{escape(asked.site)}</p>{content}</main></body></html>',
        {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin", "Cache-Control": "no-store"},
        status,
    )


_STYLE = (
    "*{box-sizing:border-box}body{margin:0;padding:24px 16px;min-height:100vh;background:Canvas;color:CanvasText;"
    "color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}"
    "main{max-width:34rem;margin:4vh auto;padding:28px;border:1px solid #8886;border-top:6px solid var(--brand);"
    "border-radius:16px}.site{margin:0 0 12px;font-weight:600}.site:empty{display:none}"
    "h1{margin:0 0 8px;font-size:22px;line-height:1.3}"
    "fieldset{margin:0 0 20px;padding:0;border:0}legend{margin:0 0 12px;padding:0;font-size:20px;font-weight:600;"
    "line-height:1.3}.scores{display:flex;flex-wrap:wrap;gap:8px}.scores label{position:relative}"
    ".scores input{position:absolute;opacity:0;inset:0;width:100%;height:100%;margin:0;cursor:pointer}"
    ".scores span{display:grid;place-content:center;min-width:44px;height:44px;border:1px solid #8889;"
    "border-radius:10px;font-weight:600}.scores input:checked+span{background:var(--brand);color:var(--ink);"
    "border-color:var(--brand)}.scores input:focus-visible+span{outline:3px solid Highlight;outline-offset:2px}"
    ".comment{display:block;margin:0 0 16px}textarea{display:block;width:100%;margin-top:6px;padding:10px;"
    "border:1px solid #8889;border-radius:10px;font:inherit;background:Canvas;color:CanvasText}"
    "button{padding:12px 24px;border:0;border-radius:10px;background:var(--brand);color:var(--ink);font:inherit;"
    "font-weight:600;cursor:pointer}button:focus-visible{outline:3px solid Highlight;outline-offset:2px}"
    "[role=alert]{color:#c22;font-weight:600}"
)


route_handlers = [show, answer]
