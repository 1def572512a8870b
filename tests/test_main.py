"""The command line: starts, stops, saves and restores; what cannot be done is one sentence."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskbell.embedded import EmbeddedPostgres
from tests.rules import rule


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


PORT = _free_port()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def _run(words: list[str], **settings: object) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}
    command = [sys.executable, "-m", "deskbell", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def serving(data: Path) -> Iterator["subprocess.Popen[str]"]:
    """A desk in a process of its own, at work."""
    yield from _started("serve", data)


@pytest.fixture
def demo(data: Path) -> Iterator["subprocess.Popen[str]"]:
    yield from _started("run", data)


def _started(word: str, data: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "deskbell", word]
    environment = {**os.environ, "DATA": str(data), "PORT": str(PORT), "HOST": "127.0.0.1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as desk:
        yield desk
        desk.kill()
    # A killed desk leaves its PostgreSQL running, for the next start to join.
    EmbeddedPostgres(data / "postgres").wipe_if_unused()


def _until(desk: "subprocess.Popen[str]", words: str) -> str:
    """The line with these words; an end of the program before it shows what it said."""
    assert desk.stdout is not None
    for line in desk.stdout:
        if words in line:
            return line
    assert desk.stderr is not None
    raise AssertionError(desk.stderr.read())


@rule("OPS-1")
def test_one_command_serves_from_an_empty_folder_and_prints_the_setup_token(
    serving: "subprocess.Popen[str]",
) -> None:
    token = _until(serving, "Setup token").split()[2]
    assert len(token) >= 40
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/setup") as answer:
        assert b'"open":true' in answer.read()


@rule("CHANNEL-3")
def test_the_demo_has_a_phone_beside_it_which_ends_with_it(demo: "subprocess.Popen[str]") -> None:
    address = next(word for word in _until(demo, "A customer's phone").split() if word.startswith("http"))
    _until(demo, "Ctrl-C stops it")
    with urllib.request.urlopen(f"{address}/_sim/journal?kind=graph") as answer:
        assert answer.headers["X-Simulator"] == "whatsapp"
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=30)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{address}/_sim/")


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_ends_quietly_and_takes_its_database_along(
    serving: "subprocess.Popen[str]", data: Path, sign: signal.Signals
) -> None:
    _until(serving, "Ctrl-C stops it")
    serving.send_signal(sign)
    _, errors = serving.communicate(timeout=30)
    assert serving.returncode in (0, 130)
    assert errors == ""
    assert not (data / "postgres" / "postmaster.pid").exists()


def test_a_taken_port_is_one_sentence(data: Path) -> None:
    with socket.create_server(("127.0.0.1", PORT)):
        ended = _run(["serve"], DATA=data, PORT=PORT, HOST="127.0.0.1")
    assert ended.returncode == 1
    assert ended.stderr == f"Port {PORT} is taken: choose another, as in PORT={PORT + 1}.\n"


def test_a_database_that_is_not_there_is_one_sentence(data: Path) -> None:
    ended = _run(["migrate"], DATA=data, DATABASE_URL="postgresql://desk:canary@127.0.0.1:9/desk")
    assert ended.returncode == 1
    assert ended.stderr.startswith("The database of DATABASE_URL does not let us in: ")
    assert ended.stderr.count("\n") == 1
    assert "canary" not in ended.stderr


def test_a_backup_comes_back_in_another_folder(data: Path, tmp_path: Path) -> None:
    assert _run(["migrate"], DATA=data).returncode == 0
    (data / "files" / "a").mkdir(parents=True)
    (data / "files" / "a" / "b").write_text("a picture")
    saved = _run(["backup", str(tmp_path / "desk.tar")], DATA=data)
    restored = _run(["restore", str(tmp_path / "desk.tar")], DATA=tmp_path / "other")
    assert (saved.returncode, restored.returncode, restored.stderr) == (0, 0, "")
    assert (tmp_path / "other" / "files" / "a" / "b").read_text() == "a picture"
    assert (tmp_path / "other" / "secret.key").read_text() == (data / "secret.key").read_text()


def test_a_restore_over_data_needs_a_word_and_a_bad_one_harms_nothing(data: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.tar").write_text("not a backup")
    assert _run(["migrate"], DATA=data).returncode == 0
    refused = _run(["restore", str(tmp_path / "bad.tar")], DATA=data)
    assert refused.stderr == "There is data in the database already: add --replace to replace it.\n"
    broken = _run(["restore", "--replace", str(tmp_path / "bad.tar")], DATA=data)
    assert broken.stderr == f"{tmp_path / 'bad.tar'} is not a backup, or only a part of one.\n"
    assert _run(["migrate"], DATA=data).stdout == "The database is up to date.\n"
