"""Bad input made from the schemas themselves: what a client may send, and what it may not, in every place."""

import copy
import json
import math
from collections.abc import Callable, Iterator
from typing import Any, get_args

import msgspec
from hypothesis import HealthCheck, given, settings
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
NUMBERS = (
    0,
    -1,
    1,
    2**31,
    2**31 - 1,
    -(2**31),
    2**53 + 1,
    2**62,
    2**63,
    2**64,
    -(2**63),
    10**400,
    0.0,
    -0.0,
    1.5,
)
OTHERS: tuple[Any, ...] = (
    1e308,
    math.nan,
    math.inf,
    -math.inf,
    None,
    True,
    False,
    [],
    {},
    [1],
    [[]],
    {"$ne": 1},
    {"id": 1},
    DEEP,
)
WEIRD: tuple[Any, ...] = (*TEXTS, *NUMBERS, *OTHERS, ["x"] * 600, {str(n): "x" for n in range(300)})


def valid(kind: Any) -> st.SearchStrategy[Any]:
    """JSON values that fit a type."""
    return _of(inspect.type_info(kind))


def _of(info: inspect.Type) -> st.SearchStrategy[Any]:
    return _MAKERS[type(info)](info)


def _text(info: inspect.StrType) -> st.SearchStrategy[str]:
    if info.pattern is None:
        return st.text(min_size=info.min_length or 0, max_size=min(info.max_length or 30, 30))
    longest = info.max_length or 99
    return st.from_regex(info.pattern.replace("$", r"\Z")).filter(lambda text: len(text) <= longest)


def _or(bound: int | float | None, otherwise: int) -> int:
    return otherwise if bound is None else int(bound)


def _struct(info: inspect.StructType) -> st.SearchStrategy[dict[str, Any]]:
    tag = {} if info.tag_field is None else {info.tag_field: st.just(info.tag)}
    needed = {field.encode_name: _of(field.type) for field in info.fields if field.required}
    optional = {field.encode_name: _of(field.type) for field in info.fields if not field.required}
    return st.fixed_dictionaries(tag | needed, optional=optional)


_MAKERS: dict[type[inspect.Type], Callable[[Any], st.SearchStrategy[Any]]] = {
    inspect.StructType: _struct,
    inspect.Metadata: lambda info: _of(info.type),
    inspect.IntType: lambda info: st.integers(_or(info.ge, -(2**31)), _or(info.le, 2**31)),
    inspect.StrType: _text,
    inspect.BoolType: lambda _: st.booleans(),
    inspect.NoneType: lambda _: st.none(),
    inspect.LiteralType: lambda info: st.sampled_from(info.values),
    inspect.ListType: lambda info: st.lists(_of(info.item_type), max_size=min(info.max_length or 3, 3)),
    inspect.DictType: lambda info: st.dictionaries(_of(info.key_type), _of(info.value_type), max_size=3),
    inspect.UnionType: lambda info: st.one_of([_of(kind) for kind in info.types]),
    inspect.AnyType: lambda _: st.none() | st.booleans() | st.integers() | st.text(max_size=20),
}


def places(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every place in a JSON value, four levels down."""
    yield at
    if len(at) > 3:
        return
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
        value = _with(value, at, how, copy.deepcopy(draw(st.sampled_from(WEIRD))))
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

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),  # a busy machine is no fault of the data
    )
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
    """Whether it is a struct, or one of several."""
    kinds = get_args(kind) or (kind,)
    return all(isinstance(one, type) and issubclass(one, msgspec.Struct) for one in kinds)
