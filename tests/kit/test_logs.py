"""Logs tell what happened, and nothing about whom."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from deskbell.kit import logs


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    before = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = before
    logging.captureWarnings(False)
    structlog.reset_defaults()


def _lines(style: Literal["json", "text"]) -> io.StringIO:
    stream = io.StringIO()
    logs.configure("info", style, stream)
    return stream


def test_a_line_for_machines_is_json_with_time_and_level() -> None:
    stream = _lines("json")
    logs.Log().info("chat assigned", conversation=12)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["conversation"]) == ("chat assigned", "info", 12)
    assert line["timestamp"].endswith("Z")


def test_addresses_that_are_called_are_not_logged() -> None:
    stream = _lines("json")
    logging.getLogger("httpx").info("HTTP Request: GET https://media.example/?hash=1")
    assert stream.getvalue() == ""


def test_a_library_logs_in_the_same_form() -> None:
    stream = _lines("json")
    logging.getLogger("library.part").warning("late by %s s", 3)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["logger"], line["level"]) == ("late by 3 s", "library.part", "warning")


@pytest.mark.parametrize("style", ["json", "text"])
def test_line_feeds_and_terminal_commands_cannot_forge_a_line(style: Literal["json", "text"]) -> None:
    stream = _lines(style)
    logs.Log().info("page\r\nINFO admin signed in", title="\x1b[2J\u2028x\ud800")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
    assert "\r" not in stream.getvalue()


@pytest.mark.parametrize("style", ["json", "text"])
def test_names_and_secrets_stay_out(style: Literal["json", "text"]) -> None:
    stream = _lines(style)
    logs.Log().info(
        "mail to ruth@example.org by smtp://desk:canary1@host failed, token=canary2",
        visitor_token="canary3",
        text="canary4",
        header="Bearer canary5canary5",
    )
    assert "canary" not in stream.getvalue()
    assert "ruth" not in stream.getvalue()


def test_a_traceback_is_kept_without_the_row_that_caused_it() -> None:
    stream = _lines("text")
    refusal = "duplicate key\nDETAIL: Key (email)=(ruth) already exists."
    try:
        raise ValueError(refusal)
    except ValueError:
        logs.Log().exception("save failed")
    assert "ValueError: duplicate key" in stream.getvalue()
    assert "ruth" not in stream.getvalue()


def test_what_is_below_the_level_is_not_written() -> None:
    stream = _lines("json")
    logs.Log().debug("details")
    assert stream.getvalue() == ""
