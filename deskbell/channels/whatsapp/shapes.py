"""How each kind of message reads: its plain text, for previews, search and transcripts, and what the screens draw of it."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from deskbell.kit.urls import page_address

from .webhook import dicts, text

LINE = 200
MANY = 20
"""Contacts, numbers and addresses of one message that are shown; the ledger has them all."""


class Shape(NamedTuple):
    """`shared`: see `Said` in channels/base.py."""

    text: str
    shared: dict[str, Any] | None = None


def line(value: object, limit: int = LINE) -> str:
    """One line of somebody else's text."""
    return " ".join(text(value)[: limit * 4].split())[:limit]


def unknown(message: Mapping[str, Any]) -> Shape:
    """What we cannot show is said to be so, by the name that WhatsApp gives it."""
    kind = text(message.get("type"))
    detail = message.get("unsupported")
    if kind == "unsupported" and isinstance(detail, Mapping):
        kind = text(detail.get("type")) or kind
    shared = {"kind": "unsupported", "type": line(kind, 60) or "unknown"}
    error = next(iter(dicts(message.get("errors"))), {})
    if why := error_text(error):
        shared["why"] = why
    return Shape("", shared)


def error_text(error: Mapping[str, Any]) -> str:
    """Meta's words for an error, the most exact ones first."""
    data = error.get("error_data")
    details = line(data.get("details"), 500) if isinstance(data, Mapping) else ""
    return details or line(error.get("message"), 500) or line(error.get("title"), 500)


def _plain(message: Mapping[str, Any]) -> Shape | None:
    body = message.get("text")
    said = text(body.get("body")) if isinstance(body, Mapping) else ""
    return Shape(said) if said else None


def _location(message: Mapping[str, Any]) -> Shape | None:
    place = message.get("location")
    if not isinstance(place, Mapping):
        return None
    lat, lon = _degrees(place.get("latitude"), 90), _degrees(place.get("longitude"), 180)
    if lat is None or lon is None:
        return None
    name, address = line(place.get("name")), line(place.get("address"))
    where = ", ".join(part for part in (name, address) if part)
    said = f"Location: {where} ({lat}, {lon})" if where else f"Location: {lat}, {lon}"
    return Shape(said, {"kind": "location", "lat": lat, "lon": lon, "name": name, "address": address})


def _degrees(value: object, most: float) -> float | None:
    try:
        degrees = round(float(value), 6)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return degrees if math.isfinite(degrees) and abs(degrees) <= most else None


def _contacts(message: Mapping[str, Any]) -> Shape | None:
    cards = [_card(one) for one in dicts(message.get("contacts"))[:MANY]]
    if not cards:
        return None
    said = "\n".join(
        "Contact: " + ", ".join(part for part in (card["name"], *card["phones"], *card["emails"]) if part)
        for card in cards
    )
    return Shape(said, {"kind": "contacts", "contacts": cards})


def _card(contact: Mapping[str, Any]) -> dict[str, Any]:
    name = contact.get("name")
    shown = line(name.get("formatted_name")) if isinstance(name, Mapping) else ""
    phones = [line(one.get("phone") or one.get("wa_id"), 40) for one in dicts(contact.get("phones"))[:MANY]]
    emails = [line(one.get("email")) for one in dicts(contact.get("emails"))[:MANY]]
    return {"name": shown, "phones": [one for one in phones if one], "emails": [one for one in emails if one]}


def _interactive(message: Mapping[str, Any]) -> Shape | None:
    """A button or a line of a list that was chosen, or a form that was filled in."""
    said = message.get("interactive")
    if not isinstance(said, Mapping):
        return None
    chosen = said.get(text(said.get("type")))
    if not isinstance(chosen, Mapping):
        return None
    words = line(chosen.get("title")) or line(chosen.get("body")) or line(chosen.get("name"))
    return Shape(words, {"kind": "choice"}) if words else None


def _button(message: Mapping[str, Any]) -> Shape | None:
    said = message.get("button")
    words = line(said.get("text")) or line(said.get("payload")) if isinstance(said, Mapping) else ""
    return Shape(words, {"kind": "choice"}) if words else None


def _order(message: Mapping[str, Any]) -> Shape | None:
    order = message.get("order")
    if not isinstance(order, Mapping):
        return None
    items = [
        f"{text(one.get('quantity')) or 1} x {line(one.get('product_retailer_id'))}"
        for one in dicts(order.get("product_items"))[:MANY]
    ]
    said = "\n".join(
        part for part in (f"Order: {', '.join(items)}" if items else "", text(order.get("text"))) if part
    )
    return Shape(said) if said else None


SHAPES: Mapping[str, Callable[[Mapping[str, Any]], Shape | None]] = {
    "text": _plain,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
}
"""None: it lacks what makes it that kind."""


def with_context(
    shared: dict[str, Any] | None, referral: object, context: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Where else it comes from: an advertisement, or another chat of theirs."""
    if shared is None and isinstance(referral, Mapping):
        address = page_address(text(referral.get("source_url")))
        shared = {"kind": "referral", "headline": line(referral.get("headline")), "url": address or ""}
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        shared = {"kind": "plain", **(shared or {}), "forwarded": True}
    return shared
