"""Settings come from the environment, and a wrong one is named in a sentence."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from deskbell.settings import SECRET_FILE, Settings, SettingsError, load


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "99999", "PORT is wrong: must be at most 65535."),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "TRUSTED_PROXIES is wrong: 10.0.0.1/8 has host bits set."),
        ("SECRET", "short", "SECRET is wrong: must have at least 32 characters."),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL is wrong: must look like postgresql://user@host/name."),
        ("BASE_URL", "desk.example.org", "BASE_URL is wrong: must look like http://host."),
        ("SMTP_TLS", "maybe", "SMTP_TLS is wrong: must be 'starttls', 'tls' or 'none'."),
        ("MAIL_FROM", "<<x>", "MAIL_FROM is wrong: must look like Desk <desk@example.org>."),
        ("S3_URL", "s3:bucket", "S3_URL is wrong: must look like s3://host."),
        ("PORT", "0", "PORT is wrong: must be at least 1."),
        ("PORT", "http", "PORT is wrong: must be a whole number from 1 to 65535."),
        ("PORT", "9" * 5000, "PORT is wrong: must be a whole number from 1 to 65535."),
        ("PORT", "\udcff", "PORT is wrong: must be a whole number from 1 to 65535."),
        ("IMAP_MAILBOX", "x" * 201, "IMAP_MAILBOX is wrong: must have 1 to 200 characters."),
        ("IMAP_DONE", "x" * 201, "IMAP_DONE is wrong: must have at most 200 characters."),
        ("WHATSAPP_VERSION", "23", "WHATSAPP_VERSION is wrong: must look like v23.0."),
        ("SECRET", "\udcff" * 32, "SECRET is wrong: must be text in UTF-8."),
        ("DKIM_DOMAIN", "desk.test", "DKIM needs all of DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY."),
    ],
)
def test_a_wrong_setting_is_named(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load()
    assert str(raised.value) == sentence


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert load().port == Settings().port


def test_all_wrong_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LOG": "loud", "PORT": "99999", "DATABASE_POOL": "1", "DKIM_KEY": "key.pem"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load()
    assert str(raised.value) == (
        "PORT is wrong: must be at most 65535. DATABASE_POOL is wrong: must be at least 2. "
        "LOG is wrong: must be 'debug', 'info', 'warning' or 'error'. "
        "DKIM needs all of DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY."
    )


def test_spaces_around_a_number_and_the_case_of_a_word_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PORT": " 8081 ",
        "LOG": "DEBUG",
        "SMTP_TLS": "None",
        "SECRET": f" {'S' * 32}",
    }.items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert (settings.port, settings.log, settings.smtp_tls) == (8081, "debug", "none")
    assert settings.secret == f" {'S' * 32}"


def test_what_the_program_says_itself_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8081")
    assert load(port=8082).port == 8082


def test_several_proxies_are_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    assert load().trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))


def test_the_secret_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    settings = load(data=tmp_path / "new")
    key = settings.secret_key()
    assert load(data=tmp_path / "new").secret_key() == key
    assert (tmp_path / "new" / SECRET_FILE).stat().st_mode & 0o077 == 0
    assert load(data=tmp_path / "other").secret_key() != key


def test_a_secret_key_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / SECRET_FILE).write_text("x")
    with pytest.raises(SettingsError, match="shorter than 32 characters"):
        load(data=tmp_path).secret_key()


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = load(
        secret="canary" * 6,
        s3_secret="canary",
        smtp_password="canary",
        imap_password="canary",
        database_url="postgresql://desk:canary@host/desk",
    )
    assert "canary" not in f"{settings!r} {settings} {settings.__rich_repr__()}"
    assert "port=8080" in repr(settings)


@pytest.mark.parametrize(
    "address", ["mysql://u:canary@h", "postgresql://u:canary@[h", "postgresql://u:canary@h\u2100/"]
)
def test_a_wrong_address_of_the_database_does_not_show_its_password(address: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(database_url=address)
    assert str(raised.value) == "DATABASE_URL is wrong: must look like postgresql://user@host/name."


def test_every_setting_is_explained_to_the_person_who_runs_the_desk() -> None:
    explained = (Path(__file__).parent.parent / "docs" / "operate.md").read_text()
    assert [name.upper() for name in Settings.__struct_fields__ if f"`{name.upper()}`" not in explained] == []


@pytest.mark.parametrize(
    "address",
    [
        "http://graph.facebook.com",
        "https://localhost:8090",
        "https://127.0.0.1",
        "https://10.1.2.3",
        "https://sim",
    ],
)
def test_a_simulator_never_takes_real_messages(address: str) -> None:
    with pytest.raises(SettingsError, match="WHATSAPP_API is wrong"):
        load(whatsapp_api=address).refuse_simulators()
    load().refuse_simulators()
