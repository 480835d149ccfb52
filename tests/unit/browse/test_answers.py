"""What is answered when the stack can not be asked, or the page is broken, and who is told."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from botocore.exceptions import EndpointConnectionError

from windfall.errors import TransientError
from windfall_cli.browse.application import make_application
from windfall_cli.browse.library import Choice, KeptClients, Library, Page
from windfall_cli.browse.server import opened

HOST = "127.0.0.1:4000"


class FailingLibrary(Library):
    """A library of which every list ends in an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.stack = KeptClients("prod", is_local=False, session=None)

    def page(self, choice: Choice, older_than: str | None) -> Page:
        raise self.error


async def ask(library: Library) -> tuple[int, dict[str, str], str]:
    """Ask for the list of files, without a socket."""
    app = make_application(library, "token", {HOST})
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/token/",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", HOST.encode())],
    }
    # A mistake is raised again once it is answered, for the server to see.
    with contextlib.suppress(RuntimeError):
        await app(scope, receive, send)
    head, *parts = sent
    headers = {name.decode().lower(): value.decode() for name, value in head["headers"]}
    return head["status"], headers, b"".join(part.get("body", b"") for part in parts).decode()


@pytest.mark.parametrize(
    "error",
    [TransientError("It is busy."), EndpointConnectionError(endpoint_url="http://127.0.0.1:1")],
    ids=type,
)
async def test_a_stack_that_does_not_answer_is_told_with_the_next_step(error: Exception) -> None:
    status, headers, page = await ask(FailingLibrary(error))
    assert status == 502
    assert "windfall doctor --stack prod" in page
    assert "default-src 'none'" in headers["content-security-policy"]


async def test_a_mistake_is_told_in_the_terminal_and_not_on_the_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, headers, page = await ask(FailingLibrary(RuntimeError("secret \x1b[31m")))
    told = capsys.readouterr().err
    assert status == 500
    assert "secret" not in page
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "RuntimeError: secret" in told
    assert "\x1b" not in told


def test_the_browser_is_told_by_a_file_that_nobody_else_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDFALL_HOME", str(tmp_path / "home"))
    shown: list[str] = []
    with opened("http://127.0.0.1:4000/secret/", shown.append):
        [address] = shown
        assert "secret" not in address
        file = Path(url2pathname(urlsplit(address).path))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "url=http://127.0.0.1:4000/secret/" in file.read_text()
    assert not file.exists()


def test_without_a_browser_the_printed_address_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDFALL_HOME", str(tmp_path))

    def none_there(_: str) -> None:
        raise OSError

    with opened("http://127.0.0.1:4000/secret/", none_there):
        pass
    assert list(tmp_path.iterdir()) == []
