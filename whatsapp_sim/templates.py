"""Message templates: whether one may be made, whether it is sent with what it needs, and how it then looks."""

import re
from collections.abc import Iterable
from typing import Any

from whatsapp_sim.errors import GraphError, wrong
from whatsapp_sim.state import Template

Json = dict[str, Any]
NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
VARIABLE = re.compile(r"\{\{\s*([a-z0-9_]{1,64})\s*\}\}")
SIDE_BY_SIDE = re.compile(r"\}\}\s*\{\{")
NOT_IN_PARAMETERS = re.compile(r"[\n\t]| {5,}")
CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
MEDIA_HEADERS = ("IMAGE", "VIDEO", "GIF", "DOCUMENT")
HEADERS = ("TEXT", *MEDIA_HEADERS, "LOCATION")
BUTTONS = {"QUICK_REPLY": 10, "URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1}
LONGEST = {"HEADER": 60, "BODY": 1024, "FOOTER": 60}
MOST_BUTTONS = 10
LONGEST_LABEL = 25


def variables(text: str) -> list[str]:
    """Names of the variables in a text, each once, in their order."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def component(template: Template, kind: str) -> Json | None:
    return next((one for one in template.components if one["type"] == kind), None)


def buttons(template: Template) -> list[Json]:
    found = component(template, "BUTTONS")
    return found["buttons"] if found else []


# Making one


def check_new(body: Json) -> None:
    """Raises GraphError for what Meta refuses at once."""
    if not isinstance(body.get("name"), str) or not NAME.fullmatch(body["name"]):
        raise wrong("name", "Use lower case letters, digits and underscores only, at most 512.")
    if not isinstance(body.get("language"), str) or not LANGUAGE.fullmatch(body["language"]):
        raise wrong("language", "Unknown language code.")
    if body.get("category") not in CATEGORIES:
        raise wrong("category", f"must be one of {', '.join(CATEGORIES)}.")
    check_components(body.get("components"), str(body.get("parameter_format", "POSITIONAL")).upper())


def check_components(components: object, parameter_format: str) -> None:
    if parameter_format not in ("POSITIONAL", "NAMED"):
        raise wrong("parameter_format", "must be POSITIONAL or NAMED.")
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        raise wrong("components", "must be a list.")
    kinds = [str(one.get("type", "")).upper() for one in components]
    if kinds.count("BODY") != 1 or any(kinds.count(kind) > 1 for kind in kinds):
        raise wrong("components", "One BODY is needed, and no component may stand there twice.")
    for kind, one in zip(kinds, components, strict=True):
        if kind == "BUTTONS":
            _check_buttons(one.get("buttons"))
        elif kind in LONGEST:
            _check_part(kind, one, parameter_format)
        else:
            raise wrong("components", f"Unknown component {kind[:20]}.")


def _check_part(kind: str, part: Json, parameter_format: str) -> None:
    style = str(part.get("format", "TEXT")).upper() if kind == "HEADER" else "TEXT"
    if style not in HEADERS:
        raise wrong("components", f"Unknown header format {style[:20]}.")
    if style in MEDIA_HEADERS:
        if not part.get("example", {}).get("header_handle"):
            raise wrong("components", "A media header needs an example with a header_handle.")
        return
    if style == "LOCATION":
        return
    text = part.get("text")
    if not isinstance(text, str) or not text:
        raise wrong("components", f"{kind} needs a text.")
    if len(text) > LONGEST[kind]:
        raise wrong("components", f"{kind} may have {LONGEST[kind]} characters at most.")
    names = variables(text)
    if (kind == "FOOTER" and names) or (kind == "HEADER" and len(names) > 1):
        raise wrong("components", "A header may have one variable, a footer none.")
    if parameter_format == "POSITIONAL" and names != [str(place + 1) for place in range(len(names))]:
        raise wrong("components", "Variables must be {{1}}, {{2}} and so on, in order.")
    if names and not part.get("example"):
        raise wrong("components", f"{kind} has variables and needs an example.")


def _check_buttons(found: object) -> None:
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_BUTTONS:
        raise wrong("components", f"1 to {MOST_BUTTONS} buttons.")
    for kind, most in BUTTONS.items():
        if sum(1 for one in found if one.get("type") == kind) > most:
            raise wrong("components", f"At most {most} {kind} buttons.")
    for one in found:
        if one.get("type") not in BUTTONS:
            raise wrong("components", "Unknown type of button.")
        if one["type"] != "COPY_CODE" and not 1 <= len(str(one.get("text", ""))) <= LONGEST_LABEL:
            raise wrong("components", f"A button's text has 1 to {LONGEST_LABEL} characters.")


def verdict(template: Template) -> str:
    """Reason for which the review rejects it, or empty."""
    texts = [str(one.get("text", "")) for one in template.components]
    return "INVALID_FORMAT" if any(SIDE_BY_SIDE.search(text) for text in texts) else ""


# Sending one


def fill(template: Template, given: object) -> Json:
    """The template as the customer sees it: `{header?, body, footer?, buttons}`. Raises GraphError."""
    parts = _given_parts(given)
    shown: Json = {"body": _text(template, "BODY", parts.get("body", [])), "buttons": []}
    header = component(template, "HEADER")
    if header:
        shown["header"] = _header(template, header, parts.get("header", []))
    elif "header" in parts:
        raise _count("header", 0, len(parts["header"]))
    footer = component(template, "FOOTER")
    if footer:
        shown["footer"] = footer["text"]
    given_buttons = {key[1]: found for key, found in _given_buttons(given)}
    for place, button in enumerate(buttons(template)):
        shown["buttons"].append(_button(button, given_buttons.pop(place, [])))
    if given_buttons:
        raise GraphError(132000, f"buttons: there is no button {min(given_buttons)}")
    return shown


def _components(given: object) -> Iterable[Json]:
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise wrong("template['components']", "must be a list of objects.")
    return given


def _parameters(part: Json) -> list[Json]:
    found = part.get("parameters", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise wrong("template['components']", "parameters must be a list of objects.")
    return found


def _given_parts(given: object) -> dict[str, list[Json]]:
    parts: dict[str, list[Json]] = {}
    for one in _components(given):
        kind = str(one.get("type", "")).lower()
        if kind in ("header", "body"):
            parts[kind] = _parameters(one)
        elif kind != "button":
            raise wrong("template['components']", "type must be header, body or button.")
    return parts


def _given_buttons(given: object) -> Iterable[tuple[tuple[str, int], list[Json]]]:
    for one in _components(given):
        if str(one.get("type", "")).lower() == "button":
            index = str(one.get("index", ""))
            if not index.isdecimal() or not one.get("sub_type"):
                raise wrong("template['components']", "A button needs sub_type and index.")
            yield ("button", int(index)), _parameters(one)


def _count(where: str, expected: int, found: int) -> GraphError:
    return GraphError(
        132000,
        f"{where}: number of localizable_params ({found}) does not match the expected number of params ({expected})",
    )


def _text(template: Template, kind: str, given: list[Json]) -> str:
    part = component(template, kind)
    text = str(part["text"]) if part else ""
    names = variables(text)
    where = kind.lower()
    if len(given) != len(names):
        raise _count(where, len(names), len(given))
    values = _named(names, given, where) if template.parameter_format == "NAMED" else _in_order(names, given)
    filled = VARIABLE.sub(lambda found: values[found[1]], text)
    if len(filled) > LONGEST[kind]:
        raise GraphError(132005, f"{where}: the text would have {len(filled)} characters")
    return filled


def _in_order(names: list[str], given: list[Json]) -> dict[str, str]:
    return {name: _value(one) for name, one in zip(names, given, strict=True)}


def _named(names: list[str], given: list[Json], where: str) -> dict[str, str]:
    values = {str(one.get("parameter_name", "")): _value(one) for one in given}
    if set(values) != set(names):
        lacking = ", ".join(sorted(set(names) - set(values)))
        raise GraphError(132012, f"{where}: parameter name is missing or unknown; expected {lacking}")
    return values


def _value(one: Json) -> str:
    kind = one.get("type")
    text = one.get("text")
    if kind in ("currency", "date_time") and isinstance(one.get(kind), dict):
        text = one[kind].get("fallback_value")
    elif kind != "text":
        raise GraphError(132012, f"expected a text parameter, got {str(kind)[:20]}")
    if not isinstance(text, str) or not text:
        raise GraphError(132012, "a text parameter needs a text")
    if NOT_IN_PARAMETERS.search(text):
        raise wrong("text", "cannot have new-line/tab characters or more than 4 consecutive spaces")
    return text


def _header(template: Template, header: Json, given: list[Json]) -> Json:
    style = str(header.get("format", "TEXT")).upper()
    if style == "TEXT":
        return {"type": "text", "text": _text(template, "HEADER", given)}
    kind = "video" if style == "GIF" else style.lower()
    if len(given) != 1:
        raise _count("header", 1, len(given))
    if given[0].get("type") != kind or not isinstance(given[0].get(kind), dict):
        raise GraphError(132012, f"header: expected {style}, got {str(given[0].get('type'))[:20].upper()}")
    return {"type": kind, kind: given[0][kind]}


def _button(button: Json, given: list[Json]) -> Json:
    kind = button["type"]
    names = variables(str(button.get("url", ""))) if kind == "URL" else []
    shown: Json = {"type": kind, "text": button.get("text", "Copy code")}
    if kind == "QUICK_REPLY":
        if len(given) > 1 or (given and given[0].get("type") != "payload"):
            raise GraphError(132012, "button: a quick reply takes one parameter of type payload")
        return shown | {"payload": str(given[0]["payload"]) if given else button["text"]}
    if kind == "COPY_CODE":
        return shown | {"code": str(given[0].get("coupon_code", "")) if given else ""}
    if len(given) != len(names):
        raise _count("button", len(names), len(given))
    if kind == "URL":
        return shown | {"url": VARIABLE.sub(lambda _: _value(given[0]), button["url"])}
    return shown | {"phone_number": button.get("phone_number", "")}
