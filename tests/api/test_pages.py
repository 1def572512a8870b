"""Pages and the headers they come with (VISITOR-1)."""

import gzip
from pathlib import Path

import asyncpg
import pytest

from deskbell.api.pages import built
from tests.api.desk import EdgeDesk, code
from tests.rules import rule

MANIFEST = """{"main.ts": {"file": "assets/main-abc.js", "isEntry": true, "css": ["assets/main-abc.css"],
 "imports": ["_shared.js"], "dynamicImports": ["later.ts"]},
 "_shared.js": {"file": "assets/shared-abc.js", "css": ["assets/shared-abc.css"]},
 "later.ts": {"file": "assets/later-abc.js"}}"""


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small web build of our own, so that these tests need no Node."""
    folder = tmp_path / "static"
    for name in ("console", "widget"):
        (folder / name / "assets").mkdir(parents=True)
        (folder / name / "manifest.json").write_text(MANIFEST)
        (folder / name / "assets" / "main-abc.js").write_text("let main")
        (folder / name / "assets" / "main-abc.js.gz").write_bytes(gzip.compress(b"let main"))
    (folder / "widget.js").write_text("let loader")
    (folder / "secret.py").write_text("no")
    monkeypatch.setattr(built.page, "__defaults__", (folder,))
    monkeypatch.setattr(built.read, "__defaults__", (folder,))
    return folder


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(
    "path", ["/", "/live", "/live/12", "/closed/9", "/tickets", "/setup", "/manage/staff", "/customers/3"]
)
async def test_the_console_loads_built_files_under_a_strict_policy(desk: EdgeDesk, path: str) -> None:
    answer = await desk.client().get(path)
    assert answer.status_code == 200
    assert '<script type="module" src="/static/console/assets/main-abc.js">' in answer.text
    assert "assets/shared-abc.css" in answer.text
    assert "later" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "connect-src 'self' ws://desk.test" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


@rule("VISITOR-1")
@pytest.mark.usefixtures("web")
async def test_only_a_sites_own_pages_may_embed_its_widget(desk: EdgeDesk) -> None:
    await desk.site("shop", allowed_origins=["https://shop.example", "https://www.shop.example"])
    await desk.site("any", allowed_origins=["*"])
    await desk.site("none")
    found = {
        key: (await desk.client({}).get(f"/widget/frame/{key}")).headers["content-security-policy"]
        for key in ("shop", "any", "none")
    }
    assert found["shop"].endswith("frame-ancestors 'self' https://shop.example https://www.shop.example")
    assert found["any"].endswith("frame-ancestors *")
    assert found["none"].endswith("frame-ancestors 'self'")


@rule("VISITOR-1")
@pytest.mark.usefixtures("web")
async def test_a_hosted_chat_page_works_without_a_site_and_cannot_be_embedded(desk: EdgeDesk) -> None:
    await desk.site("shop", name="Fjord <b>& Pine")
    answer = await desk.client({}).get("/chat/shop")
    assert "<title>Fjord &lt;b&gt;&amp; Pine</title>" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.usefixtures("web")
async def test_an_unknown_or_closed_site_has_no_chat(desk: EdgeDesk) -> None:
    await desk.site("shut", active=False)
    for path in ("/chat/nope", "/chat/shut", "/widget/frame/shut", "/chat/%00", "/chat/" + "x" * 500):
        assert (await desk.client({}).get(path)).status_code == 404


@rule("VISITOR-1")
@pytest.mark.usefixtures("web")
async def test_the_loader_may_be_loaded_from_any_page_and_is_kept_five_minutes(desk: EdgeDesk) -> None:
    client = desk.client({"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"})
    answer = await client.get("/widget.js")
    assert answer.text == "let loader"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    again = await client.get("/widget.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.usefixtures("web")
async def test_hashed_files_are_kept_for_ever_and_come_compressed(desk: EdgeDesk) -> None:
    answer = await desk.client({}).get(
        "/static/console/assets/main-abc.js", headers={"Accept-Encoding": "gzip"}
    )
    assert answer.text == "let main"
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    plain = await desk.client({}).get("/static/console/assets/main-abc.js", headers={"Accept-Encoding": ""})
    assert "content-encoding" not in plain.headers


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(
    "path",
    [
        "/static/secret.py",
        "/static/../secret.key",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static/..%2f..%2fpyproject.toml",
        "/static//etc/passwd",
        "/static/console/%00.js",
        "/static/console",
        "/static/" + "x" * 5000 + ".js",
    ],
)
async def test_nothing_but_built_files_is_served(desk: EdgeDesk, path: str) -> None:
    assert (await desk.client({}).get(path)).status_code == 404


async def test_without_a_build_the_page_says_what_to_do(
    desk: EdgeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built.page, "__defaults__", (tmp_path / "nothing",))
    answer = await desk.client({}).get("/")
    assert answer.status_code == 503
    assert "make web" in answer.text


async def test_the_demo_shop_carries_the_first_sites_key(desk: EdgeDesk) -> None:
    await desk.site("shop")
    answer = await desk.client({}).get("/demo/shop")
    assert 'data-site="shop"' in answer.text
    assert (await desk.client({}).get("/demo/shop.css")).headers["content-type"].startswith("text/css")


async def test_a_real_desk_has_no_demo_pages(desk: EdgeDesk, pool: asyncpg.Pool, tmp_path: Path) -> None:
    desk = EdgeDesk(pool, tmp_path, demo=False)
    for path in ("/demo/shop", "/demo/shop.css"):
        assert (await desk.client({}).get(path)).status_code == 404


@rule("OPS-3")
async def test_health_ready_and_metrics(desk: EdgeDesk) -> None:
    for path in ("/health", "/ready", "/api/openapi.json", "/"):
        asked, got = [await desk.client({}).request(method, path) for method in ("HEAD", "GET")]
        assert (asked.status_code, asked.headers["content-type"]) == (
            got.status_code,
            got.headers["content-type"],
        )
    client = desk.client({})
    assert (await client.get("/health")).text == "ok"
    assert (await client.get("/ready")).text == "ok"
    figures = (await client.get("/metrics")).text
    assert "deskbell_staff_online 0.0" in figures
    assert "process_resident_memory_bytes" in figures


@rule("OPS-3")
async def test_metrics_are_not_for_the_world_and_ready_fails_without_a_database(desk: EdgeDesk) -> None:
    client = desk.client({"X-Forwarded-For": "203.0.113.9"})
    assert (await client.get("/metrics")).status_code == 404
    await desk.pool.close()
    answer = await client.get("/ready")
    assert code(answer) == (503, "retry")
    assert (await client.get("/health")).status_code == 200


async def test_every_answer_of_the_api_has_the_hard_headers(desk: EdgeDesk) -> None:
    client = desk.client()
    for answer in (
        await client.get("/api/setup"),
        await client.get("/api/session"),
        await client.get("/api/none"),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers
        assert "strict-transport-security" not in answer.headers


async def test_with_https_browsers_are_told_to_stay_with_it(pool: asyncpg.Pool, tmp_path: Path) -> None:
    desk = EdgeDesk(pool, tmp_path, base_url="https://desk.test")
    answer = await desk.client({}).get("/api/setup")
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
