"""The look of mails: plain HTML that mail programs draw alike, light and dark, from left or from right."""

import re
from html import escape

USUAL_COLOR = "#2563eb"
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def page(*, title: str, color: str, body: str, language: str, direction: str) -> str:
    """`title` and `body`: plain text and finished HTML."""
    side = "right" if direction == "rtl" else "left"
    return f"""<!doctype html>
<html lang="{language}" dir="{direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>{escape(title)}</title>
<style>
@media (prefers-color-scheme: dark) {{
.d-page {{ background: #14171c !important; }} .d-card {{ background: #1d2128 !important; color: #e7eaef !important; }}
.d-mine {{ background: #1c3557 !important; color: #e7eaef !important; }}
.d-team {{ background: #2b313b !important; color: #e7eaef !important; }}
.d-dim {{ color: #a3acb9 !important; }} .d-card a {{ color: #8ab8ff !important; }}
}}
</style></head>
<body class="d-page" style="margin:0;padding:0;background:#f3f5f8">
<div style="padding:24px 12px">
<div class="d-card" style="max-width:600px;margin:0 auto;background:#ffffff;color:#1c2230;border-radius:12px;overflow:hidden;
border-top:6px solid {safe_color(color)};font:16px/1.5 -apple-system,'Segoe UI',Roboto,Arial,sans-serif;
text-align:{side}">
<div style="padding:24px">
{body}
</div></div></div></body></html>
"""


def safe_color(color: str) -> str:
    return color if _COLOR.fullmatch(color) else USUAL_COLOR


def ink_on(color: str) -> str:
    """Black or white, whichever is read better on it."""
    c = safe_color(color)
    red, green, blue = (int(c[i : i + 2], 16) for i in (1, 3, 5))
    return "#000000" if red * 0.299 + green * 0.587 + blue * 0.114 > 150 else "#ffffff"


def heading(text: str) -> str:
    return f'<h1 dir="auto" style="margin:0 0 12px;font-size:20px;line-height:1.3">{escape(text)}</h1>'


def paragraph(text: str, *, dim: bool = False) -> str:
    look = ' class="d-dim"' if dim else ""
    color = "color:#5b6472;font-size:14px;" if dim else ""
    return f'<p dir="auto"{look} style="margin:0 0 16px;{color}">{_lines(text)}</p>'


def bubble(who: str, when: str, content: str, *, mine: bool) -> str:
    """A message; `content` is finished HTML. Meaning never rests on the colour: the name stands above."""
    ground = "#e4eefc" if mine else "#eef0f3"
    head = f'<strong dir="auto">{escape(who)}</strong> <span dir="ltr">{escape(when)}</span>'
    return (
        f'<p class="d-dim" style="margin:16px 0 4px;color:#5b6472;font-size:13px">{head}</p>'
        f'<div class="{"d-mine" if mine else "d-team"}" dir="auto" style="padding:10px 14px;border-radius:12px;'
        f'background:{ground};overflow-wrap:anywhere">{content}</div>'
    )


def said(text: str) -> str:
    """Plain text of a person: no link is made of it, nothing in it is markup."""
    return _lines(text)


def link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}" style="color:#1d5fd0">{escape(text)}</a>'


def button(address: str, text: str, color: str) -> str:
    return (
        f'<a href="{escape(address)}" style="display:inline-block;margin:0 4px 8px;padding:8px 14px;border-radius:8px;'
        f"background:{safe_color(color)};color:{ink_on(color)} !important;text-decoration:none;"
        f'font-weight:600">{escape(text)}</a>'
    )


def quote(lead: str, text: str) -> str:
    return (
        f'<div class="d-dim" style="margin:24px 0 0;color:#5b6472;font-size:14px"><p dir="auto" style="margin:0 0 4px">'
        f'{escape(lead)}</p><blockquote type="cite" dir="auto" style="margin:0;padding-inline-start:12px;'
        f'border-inline-start:3px solid #c9d0da">{_lines(text)}</blockquote></div>'
    )


def _lines(text: str) -> str:
    return "<br>\n".join(escape(line) for line in text.split("\n"))
