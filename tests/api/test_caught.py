"""Without a mail server supervisors read every mail in the desk; nothing in one runs or leads out of the folder (OPS-1)."""

from pathlib import Path

import asyncpg
import httpx
import pytest

from deskbell.kit.mail import Attachment, CaughtPost, Mail
from tests.api.desk import NOW, EdgeDesk, code
from tests.rules import rule

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
async def sven(desk: EdgeDesk) -> httpx.AsyncClient:
    """Three mails were caught; a file beside them is none."""
    folder = desk.edge.settings.mail_folder
    post = CaughtPost(folder, "Desk <desk@desk.test>")
    for n in range(2):
        await post.send(Mail(f"m{n}@home.test", f"Number {n}", "Hello", f"k{n}"), NOW.replace(minute=n))
    files = (Attachment("label.pdf", "application/pdf", b"label"),)
    rich = Mail("m2@home.test", "<script>2</script>", "Plain", "k2", html=EVIL, attachments=files)
    await post.send(rich, NOW.replace(minute=2))
    (folder / "notes.eml").write_text("not ours")
    (folder.parent / "secret.key").write_text("a secret")
    return await desk.person("Sven", "supervisor")


@rule("OPS-1")
async def test_mails_are_listed_newest_first_and_opened(sven: httpx.AsyncClient) -> None:
    mails = (await sven.get("/api/caught")).json()["mails"]
    assert [mail["to"] for mail in mails] == ["m2@home.test", "m1@home.test", "m0@home.test"]
    path = f"/api/caught/{mails[0]['name']}"
    shown = (await sven.get(path)).json()
    assert (shown["text"].strip(), shown["html"]) == ("Plain", True)
    assert shown["files"] == [{"name": "label.pdf", "type": "application/pdf", "size": 5}]
    assert b"Subject: <script>2</script>" in (await sven.get(f"{path}/source")).content
    file = await sven.get(f"{path}/files/0")
    assert (file.content, file.headers["content-type"]) == (b"label", "application/octet-stream")
    assert file.headers["content-disposition"].startswith("attachment")


@rule("OPS-1")
async def test_the_html_of_a_mail_is_a_page_that_may_do_nothing(sven: httpx.AsyncClient) -> None:
    name = (await sven.get("/api/caught")).json()["mails"][0]["name"]
    page = await sven.get(f"/api/caught/{name}/html")
    policy = page.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "sandbox"} <= set(policy)
    assert not any(part.startswith("script-src") for part in policy)


async def test_no_name_leads_out_of_the_folder(sven: httpx.AsyncClient) -> None:
    for name in ("notes.eml", "..%2fsecret.key", "20260302-090000-000000-aaaaaa.eml", "%00.eml"):
        for more in ("", "/html", "/source", "/files/0"):
            assert (await sven.get(f"/api/caught/{name}{more}")).status_code == 404


async def test_all_of_them_are_deleted_at_once_and_nothing_else(
    desk: EdgeDesk, sven: httpx.AsyncClient
) -> None:
    assert (await sven.delete("/api/caught")).status_code == 204
    assert (await sven.get("/api/caught")).json() == {"mails": []}
    assert [path.name for path in desk.edge.settings.mail_folder.iterdir()] == ["notes.eml"]


async def test_agents_never_and_nobody_while_mail_is_sent(
    desk: EdgeDesk, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    ada = await desk.person("Ada")
    assert code(await ada.get("/api/caught")) == (403, "forbidden")
    assert code(await ada.delete("/api/caught")) == (403, "forbidden")
    sending = EdgeDesk(pool, tmp_path, smtp_host="mail.test")
    sven = await sending.person("Sven", "supervisor")
    assert code(await sven.get("/api/caught")) == (404, "not_found")
