"""Draws docs/pictures/browse-*.png: the demo's files as `windfall browse` shows them.

    make demo && make pictures

It needs a Chromium on this machine and the development environment, which has Playwright.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import BrowserContext, ViewportSize, sync_playwright

from windfall_cli.browse.library import Library
from windfall_cli.browse.server import listening, prepare
from windfall_cli.errors import CommandError
from windfall_cli.files import find_file
from windfall_cli.stack import open_stack

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
WAIT = """async () => {
  for (const video of document.querySelectorAll("video")) {
    while (video.readyState < 2 || video.seeking) await new Promise((go) => setTimeout(go, 50));
  }
}"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Shot(NamedTuple):
    """A picture: of which file's page (or else which page), and how it is looked at."""

    name: str
    file: str | None
    path: str = ""
    scheme: Literal["light", "dark"] = "light"
    height: int = 800
    width: int = 1280


SHOTS = (
    Shot("browse-files", None),
    Shot("browse-photo", "portrait.jpg", height=760),
    Shot("browse-video", "clip.mp4", "?t=2", height=880),
    Shot("browse-text", "letter.txt", scheme="dark", height=860),
    Shot("browse-narrow", "speech.flac", height=780, width=390),
)


def draw() -> None:
    """Draw all of them."""
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        raise SystemExit(f"There is no Chromium here: {', '.join(BROWSERS)}")
    library = Library(open_stack(None))
    with served(library) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for shot in SHOTS:
            page = "" if shot.file is None else f"files/{find_file(library.stack, shot.file)}"
            size = ViewportSize(width=shot.width, height=shot.height)
            context = browser.new_context(viewport=size, color_scheme=shot.scheme)
            take(context, f"{address}{page}{shot.path}", FOLDER / f"{shot.name}.png")
            context.close()
        browser.close()


def take(context: BrowserContext, url: str, target: Path) -> None:
    """A picture of a page, once its pictures and the frame of its video are there."""
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    page.evaluate(WAIT)
    page.screenshot(path=str(target))


@contextmanager
def served(library: Library) -> Iterator[str]:
    """The pages, served by a thread."""
    try:
        with listening(0) as listener:
            address, server = prepare(library, listener)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield address
            finally:
                server.should_exit = True
                thread.join()
    finally:
        library.close()


if __name__ == "__main__":
    try:
        draw()
    except CommandError as error:
        raise SystemExit(f"{error.message} {error.remedy or ''}") from error
