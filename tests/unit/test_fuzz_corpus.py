"""What was ever found against a parser stays a test, as do the inputs that it takes."""

from __future__ import annotations

import pytest

from tests.fuzz.targets import TARGETS, inputs


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_takes_or_refuses_what_it_is_given(name: str) -> None:
    for what, data in inputs(name):
        try:
            TARGETS[name].attack(data)
        except Exception as error:
            raise AssertionError(f"{name} broke on {what}: {error!r}") from error


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b"<a>" * 10_000,
        b"\xff\xfe" + bytes(999),
        "\u202egnp.exe\x1b[2J".encode(),
        b'=HYPERLINK("http://x")\n+1\n@x\n',
    ],
    ids=["empty", "nul", "arrays", "objects", "elements", "utf-16", "override", "formulas"],
)
def test_a_parser_refuses_the_usual_attacks(name: str, data: bytes) -> None:
    TARGETS[name].attack(data)
