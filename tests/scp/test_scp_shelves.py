from __future__ import annotations

import asyncio

import pytest

from .conftest import Installation

LAYOUT = {"grid": [{"x": 0, "w": 4, "name": "Größte Gewinner 📈", "zero": "\0"}]}


async def test_documents_survive_and_are_their_owners_alone(scp: Installation) -> None:
    trader, viewer = await scp.browser("trader"), await scp.browser("viewer")
    assert (await trader.put("/api/store/layouts/my day ½", json=LAYOUT)).status_code == 200
    assert (await trader.get("/api/store/layouts/my day ½")).json() == LAYOUT
    assert [each["name"] for each in (await trader.get("/api/store/layouts")).json()["items"]] == ["my day ½"]
    assert (await viewer.get("/api/store/layouts/my day ½")).status_code == 404
    assert (await viewer.get("/api/store/layouts")).json() == {"items": []}
    assert (await trader.get("/api/store/screeners")).json() == {"items": []}


async def test_changes_name_the_version_that_they_replace(scp: Installation) -> None:
    trader, path = await scp.browser("trader"), "/api/store/watchlists/main"
    new = {"if-none-match": "*"}
    first = (await trader.put(path, json=["A"], headers=new)).headers["etag"]
    assert (await trader.put(path, json=["B"], headers=new)).status_code == 412
    second = (await trader.put(path, json=["B"], headers={"if-match": first})).headers["etag"]
    assert second != first
    assert (await trader.put(path, json=["C"], headers={"if-match": first})).status_code == 412
    assert (await trader.delete(path, headers={"if-match": first})).status_code == 412
    assert (await trader.get(path)).json() == ["B"]
    assert (await trader.get(path, headers={"if-none-match": second})).status_code == 304
    assert (await trader.delete(path, headers={"if-match": second})).status_code == 204
    # What is made anew is no version that anybody has seen.
    third = (await trader.put(path, json=["D"], headers=new)).headers["etag"]
    assert third not in {first, second}


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("x", b'{"a": NaN}', 422),
        ("x", b"{", 422),
        ("x", b'{"a": 1e999}', 422),
        ("x", b"[" * 100_000, 422),
        ("x", b"[" * 51 + b"]" * 51, 422),
        ("x", b'"' + b"a" * 300_000 + b'"', 413),
        ("x", b"0" * 5_000_000, 413),
        ("x" * 129, b"{}", 422),
        ("%0A", b"{}", 422),
    ],
)
async def test_what_is_no_document_is_refused(
    scp: Installation, name: str, content: bytes, status: int
) -> None:
    trader = await scp.browser("trader")
    json = {"content-type": "application/json"}
    answer = await trader.put(f"/api/store/alert_rules/{name}", content=content, headers=json)
    assert answer.status_code == status
    assert len(answer.json()["error"].splitlines()) == 1


async def test_the_same_name_in_another_spelling_of_unicode_is_the_same(scp: Installation) -> None:
    viewer = await scp.browser("viewer")
    assert (await viewer.put("/api/store/layouts/Café", json=[1])).status_code == 200
    assert (await viewer.put("/api/store/layouts/Cafe\u0301", json=[2])).status_code == 200
    assert (await viewer.get("/api/store/layouts/Café")).json() == [2]
    deep = b"[" * 50 + b"]" * 50
    headers = {"content-type": "application/json", "if-match": "*"}
    assert (await viewer.put("/api/store/layouts/Café", content=deep, headers=headers)).status_code == 200
    assert (await viewer.put("/api/store/layouts/Tea", content=deep, headers=headers)).status_code == 412


async def test_a_body_that_breaks_off_is_no_crash(scp: Installation) -> None:
    trader = await scp.browser("trader")
    head = {**trader.headers, "cookie": f"scp_session={trader.cookies['scp_session']}", "content-length": "9"}
    head["content-type"] = "application/json"
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**head, "host": "localhost"}.items())
    _, writer = await asyncio.open_connection("127.0.0.1", scp.plane.port)
    writer.write(f"PUT /api/store/layouts/x HTTP/1.1\r\n{lines}\r\n{{".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await trader.get("/api/store/layouts")).json() == {"items": []}
    assert "crashed" not in scp.plane.counters.snapshot()


async def test_what_a_user_keeps_has_an_end(scp: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.scp.shelves.MAX_DOCUMENTS", 2)
    monkeypatch.setattr("streams.scp.shelves.MAX_KEPT_BYTES", 100)
    trader, viewer = await scp.browser("trader"), await scp.browser("viewer")
    assert (await trader.put("/api/store/layouts/a", json="x" * 80)).status_code == 200
    assert "remove something" in (await trader.put("/api/store/watchlists/b", json="x" * 80)).json()["error"]
    assert (await trader.put("/api/store/layouts/a", json="x" * 90)).status_code == 200
    assert (await viewer.put("/api/store/layouts/a", json="x" * 80)).status_code == 200
    assert (await trader.put("/api/store/layouts/b", json=1)).status_code == 200
    assert "2 layouts already" in (await trader.put("/api/store/layouts/c", json=1)).json()["error"]


async def test_there_are_four_shelves(scp: Installation) -> None:
    trader = await scp.browser("trader")
    assert (await trader.put("/api/store/secrets/x", json={})).status_code == 404


async def test_documents_go_with_their_account(scp: Installation) -> None:
    admin, trader = await scp.browser("admin"), await scp.browser("trader")
    await trader.put("/api/store/layouts/mine", json=LAYOUT)
    await admin.delete("/api/accounts/trader")
    new = {"username": "trader", "password": "correct horse battery", "role": "trader"}
    await admin.post("/api/accounts", json=new)
    assert (await (await scp.browser("trader")).get("/api/store/layouts")).json() == {"items": []}
