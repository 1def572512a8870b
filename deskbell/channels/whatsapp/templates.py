"""Templates of WhatsApp: what has to be filled in, and what is sent then (CHANNEL-2). Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deskbell.channels.base import Filled, OutFile, TemplateButton, TemplateForm, Variable
from deskbell.domain.channels import Template

from . import files
from .outbound import length

BODY = 1024
HEADER = 60
BUTTON_URL = 2000
PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,64})\s*\}\}")
MEDIA = {"IMAGE": "image", "VIDEO": "video", "GIF": "video", "DOCUMENT": "document"}
LOCATION = (
    ("latitude", "Latitude"),
    ("longitude", "Longitude"),
    ("name", "Name of the place"),
    ("address", "Address"),
)
SENDABLE_PARTS = frozenset({"HEADER", "BODY", "FOOTER", "BUTTONS"})
BUTTONS = {"QUICK_REPLY": "reply", "URL": "url", "PHONE_NUMBER": "phone", "COPY_CODE": "code"}


def template_of(said: Mapping[str, Any]) -> Template | None:
    """From the list of the account; None: not in the shape of a template."""
    name, language = _line(said.get("name")), _line(said.get("language"))
    components = said.get("components")
    if not name or not language or not isinstance(components, list):
        return None
    quality = said.get("quality_score")
    return Template(
        _line(said.get("id")),
        name,
        language,
        _line(said.get("category")).upper(),
        _line(said.get("status")).upper(),
        _line(quality.get("score")) if isinstance(quality, Mapping) else "",
        _line(said.get("parameter_format")).lower() or "positional",
        [one for one in components if isinstance(one, dict)],
        "" if said.get("rejected_reason") in (None, "NONE") else _line(said.get("rejected_reason")),
    )


def form(template: Template) -> TemplateForm | None:
    """What is to be filled in; None: of a kind that only programs send (a code, a flow, a carousel)."""
    parts = _parts(template)
    if template.category == "AUTHENTICATION" or not set(parts) <= SENDABLE_PARTS or "BODY" not in parts:
        return None
    header, buttons = parts.get("HEADER"), _buttons(parts)
    kind = _header_kind(header)
    if (header and not kind) or any(_kind(one) not in BUTTONS for one in buttons):
        return None
    return TemplateForm(
        kind,
        _text(header) if kind == "text" else "",
        _text(parts["BODY"]),
        _text(parts.get("FOOTER")) or None,
        tuple(
            TemplateButton(BUTTONS[_kind(one)], _text(one) or "Copy code", str(one.get("url") or "") or None)
            for one in buttons
        ),
        tuple(_variables(header, kind, parts["BODY"], buttons)),
    )


def fill(
    template: Template, values: Mapping[str, str], file: OutFile | None, view: Mapping[str, Any] | None
) -> Filled:
    """`view`: the file as messages show it. Raises ValueError with a sentence for the person."""
    asked = form(template)
    if asked is None:
        raise ValueError("This template cannot be sent by hand.")
    given = {one.key: _value(one, values) for one in asked.variables}
    if unknown := set(values) - set(given):
        raise ValueError(f"This template has no place for {min(unknown)}.")
    named = template.parameter_format == "named"
    body = _read(asked.body, "body", given)
    _check_length("The text", body, BODY)
    shown: dict[str, Any] = {
        "name": template.name,
        "language": template.language,
        "footer": asked.footer,
        "buttons": [button.text for button in asked.buttons],
    }
    components = []
    if asked.header:
        header, component = _header(asked, given, file, view, named=named)
        shown["header"] = header
        if component:
            components.append(component)
    elif file is not None:
        raise ValueError("This template takes no file.")
    if places := _places(asked.body):
        components.append({"type": "body", "parameters": _parameters(places, "body", given, named=named)})
    components.extend(_button_components(asked, given))
    sent = {"name": template.name, "language": {"code": template.language}, "components": components}
    content: dict[str, Any] = {"type": "template", "template": sent}
    if file is not None:
        content["file"] = file._asdict()
    return Filled(body, shown, content)


def _parts(template: Template) -> dict[str, Mapping[str, Any]]:
    return {_kind(one): one for one in template.components}


def _buttons(parts: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found = parts.get("BUTTONS", {}).get("buttons")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _kind(part: Mapping[str, Any]) -> str:
    return _line(part.get("type")).upper()


def _text(part: Mapping[str, Any] | None) -> str:
    return str(part.get("text") or "") if part else ""


def _line(value: object) -> str:
    return " ".join(str(value).split())[:512] if isinstance(value, str | int) else ""


def _header_kind(header: Mapping[str, Any] | None) -> str:
    """ "" for none, or one that is unknown here."""
    style = _line(header.get("format")).upper() or "TEXT" if header else ""
    return {"TEXT": "text", "LOCATION": "location", **MEDIA}.get(style, "")


def _variables(
    header: Mapping[str, Any] | None,
    kind: str,
    body: Mapping[str, Any],
    buttons: Sequence[Mapping[str, Any]],
) -> Iterable[Variable]:
    if header and kind == "text":
        examples = _examples(header, "header_text")
        for place, name in enumerate(_places(_text(header))):
            yield Variable(f"header.{name}", _example(examples, name, place), _label(name))
    elif kind == "location":
        for name, label in LOCATION:
            yield Variable(f"header.{name}", "", label)
    examples = _examples(body, "body_text")
    for place, name in enumerate(_places(_text(body))):
        yield Variable(f"body.{name}", _example(examples, name, place), _label(name))
    for number, button in enumerate(buttons):
        example = button.get("example")
        first = str(example[0]) if isinstance(example, list) and example else ""
        if _kind(button) == "URL" and (places := _places(str(button.get("url") or ""))):
            yield Variable(f"button.{number}.{places[0]}", first, f"End of the address of {_text(button)}")
        elif _kind(button) == "COPY_CODE":
            yield Variable(
                f"button.{number}.code", str(example) if isinstance(example, str) else first, "Code to copy"
            )


def _places(text: str) -> list[str]:
    return list(dict.fromkeys(PLACE.findall(text)))


def _examples(part: Mapping[str, Any], name: str) -> Mapping[str, str]:
    """By place or by name."""
    example = part.get("example")
    if not isinstance(example, Mapping):
        return {}
    named = example.get(f"{name}_named_params")
    if isinstance(named, list):
        return {_line(o.get("param_name")): _line(o.get("example")) for o in named if isinstance(o, Mapping)}
    listed = example.get(name)
    if isinstance(listed, list) and listed and isinstance(listed[0], list):
        listed = listed[0]
    return {str(n): _line(o) for n, o in enumerate(listed, 1)} if isinstance(listed, list) else {}


def _example(examples: Mapping[str, str], name: str, place: int) -> str:
    return examples.get(name) or examples.get(str(place + 1), "")


def _label(name: str) -> str:
    return "" if name.isdecimal() else name.replace("_", " ").strip().capitalize()


def _value(variable: Variable, values: Mapping[str, str]) -> str:
    """In one line: WhatsApp takes no line breaks and no rows of spaces here."""
    value = " ".join(values.get(variable.key, "").split())
    if not value:
        raise ValueError(f"Fill in {variable.label or variable.key}.")
    return value


def _read(text: str, part: str, given: Mapping[str, str]) -> str:
    return PLACE.sub(lambda found: given[f"{part}.{found[1]}"], text)


def _check_length(what: str, text: str, most: int) -> None:
    if length(text) > most:
        raise ValueError(f"{what} may have at most {most} characters, this has {length(text)}.")


def _parameters(
    places: Iterable[str], part: str, given: Mapping[str, str], *, named: bool
) -> list[dict[str, str]]:
    return [
        {"type": "text", "text": given[f"{part}.{name}"]} | ({"parameter_name": name} if named else {})
        for name in places
    ]


def _header(
    asked: TemplateForm,
    given: Mapping[str, str],
    file: OutFile | None,
    view: Mapping[str, Any] | None,
    *,
    named: bool,
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """How it is shown, and what is sent of it (None: nothing in it changes)."""
    kind = asked.header
    if file is not None and kind in ("text", "location"):
        raise ValueError("This template takes no file.")
    if kind == "text":
        said = _read(asked.header_text, "header", given)
        _check_length("The header", said, HEADER)
        places = _places(asked.header_text)
        parameters = _parameters(places, "header", given, named=named)
        return {"kind": kind, "text": said}, {"type": "header", "parameters": parameters} if places else None
    if kind == "location":
        place = {name: given[f"header.{name}"] for name, _ in LOCATION}
        for name, most in (("latitude", 90), ("longitude", 180)):
            _check_degrees(name, place[name], most)
        return (
            {"kind": kind, "text": f"{place['name']}, {place['address']}"},
            {"type": "header", "parameters": [{"type": "location", "location": place}]},
        )
    if file is None:
        raise ValueError(f"This template needs a file for its header: {files.KINDS[kind].label}.")
    _check_file(kind, file)
    about = {"filename": file.name} if kind == "document" else {}
    return {"kind": kind, "file": view}, {"type": "header", "parameters": [{"type": kind, kind: about}]}


def _check_degrees(name: str, value: str, most: int) -> None:
    try:
        right = abs(float(value)) <= most
    except ValueError:
        right = False
    if not right:
        raise ValueError(f"The {name} must be a number from -{most} to {most}.")


def _check_file(kind: str, file: OutFile) -> None:
    reason = files.why_not(file.name, file.type, file.size)
    if reason is None and files.kind_of(file.name, file.type) != kind:
        reason = f"This template takes {files.KINDS[kind].label} in its header."
    if reason:
        raise ValueError(reason)


def _button_components(asked: TemplateForm, given: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    for number, button in enumerate(asked.buttons):
        key = next((key for key in given if key.startswith(f"button.{number}.")), None)
        if key is None:
            continue
        _check_length("The address of a button", (button.url or "") + given[key], BUTTON_URL)
        code = button.kind == "code"
        parameter = (
            {"type": "coupon_code", "coupon_code": given[key]}
            if code
            else {"type": "text", "text": given[key]}
        )
        yield {
            "type": "button",
            "sub_type": "copy_code" if code else "url",
            "index": str(number),
            "parameters": [parameter],
        }
