"""How objects are called and shown; what is no medium is only saved."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_cli.browse.objects import INLINE_TYPES, disposition, inline_type


@pytest.mark.parametrize("name", ["a.html", "a.svg", "svg", "a.htm", "a.xml", "a.pdf", "html", ""])
def test_what_a_browser_would_run_is_saved(name: str) -> None:
    assert inline_type(name) is None


def test_media_are_shown_as_what_they_are() -> None:
    assert inline_type("thumbnails/000002000.jpg") == "image/jpeg"
    assert inline_type("captions.es.vtt") == "text/vtt; charset=utf-8"
    assert inline_type("flac") == "audio/flac"
    assert not {"text/html", "image/svg+xml"} & set(INLINE_TYPES.values())


@given(st.text(st.characters(codec="utf-8")))
def test_a_name_in_a_header_is_ascii_and_closes_nothing(name: str) -> None:
    header = disposition(name, inline=False)
    assert re.fullmatch(
        r'attachment; filename="[A-Za-z0-9._ -]*"; filename\*=UTF-8\'\'[!-~]*', header
    )


def test_other_commands_start_without_a_web_server() -> None:
    script = (
        "import sys, windfall_cli.main;"
        "print([name for name in ('starlette', 'jinja2', 'uvicorn') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
