"""Bad input made from the schemas themselves: what a client may send, and what it may not, in every place."""

import copy
import json
import math
from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

Path = tuple[str | int, ...]
DEEP: Any = []
for _ in range(100):
    DEEP = [DEEP]

SCRIPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>1</script>'></iframe>",
    "</textarea><script>1</script>",
    "<math><mtext><table><mglyph><style><img src onerror=1>",
    "{{7*7}} ${7*7} <%=7*7%> %s %n",
    "<p style='background:url(//evil.test)'>x</p>",
)
TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "\u202etxt.exe\u200b\ufeff",
    "Z̸̡̛͍̪" * 50,
    "'; DROP TABLE entry; --",
    "$(id)`id`|id",
    "a\r\nSet-Cookie: x=1",
    "\x1b[31m\x07",
    "../../etc/passwd",
    "🦊" * 300,
    "\n" * 10_000,
    "x" * 10_001,
    *SCRIPTS,
)
NUMBERS = (0, -1, 1, 2**31, 2**31 - 1, -(2**31), 2**53 + 1, 2**62, 2**63, 2**64, -(2**63), 10**400, 0.0, -0.0, 1.5)
OTHERS = (1e308, math.nan, math.inf, -math.inf, None, True, False, [], {}, [1], [[]], {"$ne": 1}, {"id": 1}, DEEP)
WEIRD: tuple[Any, ...] = (*TEXTS, *NUMBERS, *OTHERS, ["x"] * 600, {str(n): "x" for n in range(300)})


def valid(kind: Any) -> st.SearchStrategy[Any]:
    """JSON values that fit a type."""
    return _of(inspect.type_info(kind))


def _of(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.StructType():
            return _struct(info)
        case inspect.Metadata(type=inner):
            return _of(inner)
        case inspect.IntType():
            return st.integers(_or(info.ge, -(2**31)), _or(info.le, 2**31))
        case inspect.StrType(pattern=str(pattern)):
            length = {"max_size": info.max_length} if info.max_length else {}
            return st.from_regex(pattern.replace("$", r"\Z")).filter(lambda s: len(s) <= length.get("max_size", 99))
        case inspect.StrType():
            return st.text(min_size=info.min_length or 0, max_size=min(info.max_length or 30, 30))
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.LiteralType():
            return st.sampled_from(info.values)
        case inspect.ListType():
            return st.lists(_of(info.item_type), max_size=min(info.max_length or 3, 3))
        case inspect.DictType():
            return st.dictionaries(_of(info.key_type), _of(info.value_type), max_size=min(info.max_length or 3, 3))
        case inspect.UnionType():
            kinds = [kind for kind in info.types if not isinstance(kind, inspect.UnsetType)]
            return st.one_of([_of(kind) for kind in kinds])
        case inspect.AnyType():
            return st.none() | st.booleans() | st.integers() | st.text(max_size=20)
        case _:
            raise TypeError(f"no values of {info}")


def _or(bound: int | float | None, otherwise: int) -> int:
    return otherwise if bound is None else int(bound)


def _struct(info: inspect.StructType) -> st.SearchStrategy[dict[str, Any]]:
    tag = {} if info.tag_field is None else {info.tag_field: st.just(info.tag)}
    needed = {field.encode_name: _of(field.type) for field in info.fields if field.required}
    optional = {field.encode_name: _of(field.type) for field in info.fields if not field.required}
    return st.fixed_dictionaries(tag | needed, optional=optional)


def places(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every place in a JSON value."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from places(inner, (*at, key))


@st.composite
def broken(draw: st.DrawFn, good: st.SearchStrategy[dict[str, Any]]) -> Any:
    """A good value with one or two things wrong, or only odd."""
    value: Any = copy.deepcopy(draw(good))
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.sampled_from(list(places(value))))
        how = draw(st.sampled_from(["replace", "replace", "replace", "drop", "add"]))
        value = _with(value, at, how, draw(st.sampled_from(WEIRD)))
    return value


def _with(value: Any, at: Path, how: str, weird: Any) -> Any:
    if not at:
        if how == "add" and isinstance(value, dict):
            return value | {"role": "admin", "extra": weird}
        return weird if how == "replace" else value
    inner = value
    for key in at[:-1]:
        inner = inner[key]
    if how == "drop":
        del inner[at[-1]]
    elif how == "add" and isinstance(inner[at[-1]], dict):
        inner[at[-1]]["extra"] = weird
    else:
        inner[at[-1]] = weird
    return value


def examples(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """The same `count` values (or fewer, if there are not so many) on every run."""
    found: list[Any] = []

    @settings(max_examples=count, database=None, deadline=None, derandomize=True)
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(copy.deepcopy(value))

    collect()
    return found


RAW = (
    b"",
    b" ",
    b"{",
    b"nul",
    b"\xff\xfe",
    b'{"id":"\xc3\x28"}',
    b'{"id":"\\ud800"}',
    b'{"id":"a","id":"b"}',
    b'{"id":"a",}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"x":"' + b'\\"' * 100_000,
    b'{"id":NaN}',
    b'{"id":1e999}',
    b'{"id":' + b"9" * 5_000 + b"}",
    b"\xef\xbb\xbf{}",
    b"\x00",
    b"'{}'",
    b'"' + b"x" * 200_000 + b'"',
)
"""Bodies that are not even JSON, or hardly."""


def text(value: Any) -> str:
    """As JSON, as far as it is JSON: NaN and lone surrogates are written as such."""
    return json.dumps(value)


def struct_of(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
