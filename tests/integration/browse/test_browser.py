"""The pages in a real browser: nothing is complained of, nothing is fetched from elsewhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.shelf import Shelf
from windfall.contracts.manifest import Manifest
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.contracts.subject import Kind

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.timeout(300),
]
PATIENCE = 120_000
"""Milliseconds; a busy machine starts a browser slowly."""
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
BOX = {"Left": 0.25, "Top": 0.25, "Width": 0.5, "Height": 0.5}
LABELS = {
    "Labels": [
        {
            "Name": "Astronaut",
            "Confidence": 90.0,
            "Instances": [{"BoundingBox": BOX, "Confidence": 90.0}],
        }
    ]
}
CUES = {
    "version": 1,
    "language": "en",
    "cues": [
        {"start": 300, "end": 4300, "text": f"And so, {EVIL}", "speaker": "spk_0"},
        {"start": 5300, "end": 10400, "text": "Ask what you can do.", "speaker": "spk_1"},
    ],
}
VTT = b"WEBVTT\n\n1\n00:00:00.300 --> 00:00:04.300\n<v Speaker 1>And so</v>\n"


@pytest.fixture(scope="module")
def photo(shelf: Shelf, demo: Path) -> Manifest:
    body = (demo / "portrait.jpg").read_bytes()
    return shelf.put(f"{EVIL}.jpg", body, Kind.IMAGE, "jpeg", {"labels": LABELS})


@pytest.fixture(scope="module")
def speech(shelf: Shelf, demo: Path) -> Manifest:
    captions = Outcome(feature="captions.en", status=OutcomeStatus.OK)
    others = {"cues.json": json.dumps(CUES).encode(), "captions.en.vtt": VTT}
    phrases = {"KeyPhrases": [{"Text": "Ask", "Score": 0.9, "BeginOffset": 0, "EndOffset": 3}]}
    return shelf.put(
        "speech.flac",
        (demo / "speech.flac").read_bytes(),
        Kind.AUDIO,
        "flac",
        {"key_phrases": phrases},
        others={**others, "text.txt": b"Ask what you can do."},
        more=[captions],
    )


class Watched:
    """A page of the browser, and everything that it complains of or fetches."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        self.fetched: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.on("request", lambda request: self.fetched.append(request.url))
        page.on("response", self._look)

    def _look(self, response: Any) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def go(self, path: str) -> None:
        """Open a page of ours and wait for all that belongs to it."""
        self.page.goto(self.address + path, wait_until="load")

    def assert_quiet(self) -> None:
        """Nothing was complained of, and everything came from here."""
        assert self.complaints == []
        elsewhere = [url for url in self.fetched if not url.startswith(self.address)]
        assert elsewhere == []


def browsers(address: str, **options: Any) -> Iterator[Watched]:
    """A page of a browser of its own; it ends with the test that it is for."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Where tests run as root, as in containers, Chromium's own sandbox refuses to start.
        arguments = ["--no-sandbox"]
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=arguments, timeout=PATIENCE
        )
        context = browser.new_context(**options)
        yield Watched(context.new_page(), address)
        context.close()
        browser.close()


@pytest.fixture
def watched(address: str) -> Iterator[Watched]:
    yield from browsers(address)


@pytest.fixture
def without_script(address: str) -> Iterator[Watched]:
    yield from browsers(address, java_script_enabled=False)


def test_the_pages_work_and_nothing_is_complained_of(
    watched: Watched, photo: Manifest, speech: Manifest
) -> None:
    page = watched.page
    watched.go("")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.fill("[name=q]", "astronaut")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=astronaut")
    page.click(f"a[href*='{photo.file_id}']")
    page.wait_for_url(f"**/files/{photo.file_id}")

    box = page.locator(".box")
    assert page.evaluate("document.querySelector('.stage img').naturalWidth") > 0
    assert box.is_visible()
    page.focus("[data-box]")
    assert "chosen" in box.get_attribute("class")
    page.uncheck("[data-layer=labels]")
    assert not box.is_visible()
    assert EVIL in page.inner_text("h1")

    watched.go(f"files/{speech.file_id}")
    page.click(".cues li:nth-child(2) a")
    page.wait_for_selector(".cues li:nth-child(2).now")
    assert page.evaluate("document.querySelector('audio').currentTime") >= 5.3
    page.wait_for_selector(".lanes .head:not([hidden])", state="attached")
    assert EVIL in page.inner_text(".cues")
    for path in ("costs", "search?q=ask", "?status=held"):
        watched.go(path)
    watched.assert_quiet()


def test_without_a_script_everything_can_be_read(
    without_script: Watched, photo: Manifest, speech: Manifest
) -> None:
    page = without_script.page
    without_script.go(f"files/{photo.file_id}")
    assert page.locator(".box").is_visible()
    page.uncheck("[data-layer=labels]")
    assert not page.locator(".box").is_visible()
    without_script.go(f"files/{speech.file_id}?t=5.3")
    assert "Ask what you can do." in page.inner_text(".cues")
    assert page.get_attribute("audio source", "src").endswith("/original#t=5.3")
    without_script.assert_quiet()
