"""What reaches a terminal."""

from __future__ import annotations

import pytest

from windfall_cli.console import plain


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\x1b[31mred.txt", "a\\x1b[31mred.txt"),
        ("photo\u202egnp.exe", "photo\\x202egnp.exe"),
        ("two\nlines", "two\nlines"),
        ("[bold]not bold[/]", "[bold]not bold[/]"),
        ("año 日本 😀.txt", "año 日本 😀.txt"),
    ],
)
def test_names_from_files_can_not_steer_the_terminal(hostile: str, shown: str) -> None:
    assert plain(hostile).plain == shown
    assert not plain(hostile).spans
