"""Settings come from the environment, and a wrong one is named in a sentence."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from deskbell.settings import SECRET_FILE, Settings, SettingsError, load


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "99999", "PORT is wrong: input should be less than or equal to 65535."),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "TRUSTED_PROXIES is wrong: 10.0.0.1/8 has host bits set."),
        ("SECRET", "short", "SECRET is wrong: must have at least 32 characters."),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL is wrong: must begin with postgresql://."),
        ("BASE_URL", "desk.example.org", "BASE_URL is wrong: must look like http://host."),
        ("SMTP_TLS", "maybe", "SMTP_TLS is wrong: input should be 'starttls', 'tls' or 'none'."),
        ("MAIL_FROM", "<<x>", "MAIL_FROM is wrong: must look like Desk <desk@example.org>."),
        ("S3_URL", "s3:bucket", "S3_URL is wrong: must look like s3://host."),
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
    assert load().port == Settings.model_fields["port"].default


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
        database_url="postgresql://desk:canary@host/desk",
    )
    assert "canary" not in repr(settings)


def test_every_setting_is_explained_to_the_person_who_runs_the_desk() -> None:
    explained = (Path(__file__).parent.parent / "docs" / "operate.md").read_text()
    assert [name.upper() for name in Settings.model_fields if f"`{name.upper()}`" not in explained] == []


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
