"""The content of objects, as moto reads and writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from windfall_local.mirror.bodies import LARGE, Bodies
from windfall_local.stores import moto_fit, objects
from windfall_local.stores.objects import Body

CONTENT = bytes(range(256)) * (LARGE // 256) + b"end"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    objects.use(Bodies(tmp_path))
    yield tmp_path
    objects.use(Bodies(None))


@pytest.mark.parametrize("content", [b"", b"small", CONTENT])
def test_a_body_reads_as_a_file_does(folder: Path, content: bytes) -> None:
    body = Body()
    body.write(content)

    body.seek(0)
    assert body.read() == content
    assert body.read() == b""
    body.seek(2)
    assert body.read(3) == content[2:5]
    assert body.read(LARGE) == content[5 : 5 + LARGE]
    body.truncate()
    body.seek(0)
    assert body.read() == b""


def test_a_content_that_is_read_and_written_again_shares_its_file(folder: Path) -> None:
    one, other = Body(), Body()
    one.write(CONTENT)
    one.seek(0)
    other.write(one.read())

    assert other.as_pieces() == one.as_pieces()
    assert len(list(folder.iterdir())) == 1


def test_an_object_of_a_version_without_files_is_read() -> None:
    moto_fit.fit()
    from moto.s3.models import FakeKey

    state: dict[str, Any] = {"name": "k", "contentsize": len(CONTENT), "_max_buffer_size": 1}
    key = FakeKey.__new__(FakeKey)
    key.__setstate__({**state, "value": CONTENT})

    assert key.value == CONTENT
