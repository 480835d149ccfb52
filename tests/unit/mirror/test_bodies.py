"""Large bodies: written once, shared, removed when nobody knows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.disk import FullDisk
from windfall_local.mirror.bodies import LARGE, Bodies, Piece
from windfall_local.mirror.errors import BodyLostError

BODY = bytes(range(256)) * (LARGE // 256)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_body_is_its_pieces_one_after_the_other(tmp_path: Path) -> None:
    bodies = Bodies(tmp_path)
    pieces = (bodies.write("a", BODY), bodies.write("b", b"xyz"))

    assert bodies.read(pieces) == BODY + b"xyz"
    for start in (0, 5, LARGE - 2, LARGE, LARGE + 2, LARGE + 9):
        for size in (-1, 0, 1, 4, LARGE):
            end = None if size < 0 else start + size
            assert bodies.read_range(pieces, start, size) == (BODY + b"xyz")[start:end]


def test_only_large_bodies_of_a_cloud_with_a_folder_are_files(tmp_path: Path) -> None:
    assert Bodies(tmp_path).takes(BODY)
    assert not Bodies(tmp_path).takes(BODY[1:])
    assert not Bodies(None).takes(BODY)


def test_a_body_that_was_met_is_recognised_until_the_request_is_answered(tmp_path: Path) -> None:
    bodies = Bodies(tmp_path)
    piece = bodies.write("a", BODY)
    equal = bytes(bytearray(BODY))

    assert bodies.recognise(BODY) == (piece,)
    assert bodies.recognise(equal) is None
    bodies.forget_met()
    assert bodies.recognise(BODY) is None


def test_of_a_body_that_found_no_room_nothing_is_left(tmp_path: Path) -> None:
    disk = FullDisk(LARGE - 1)
    bodies = Bodies(tmp_path, disk.write)
    with pytest.raises(OSError, match="No space left"):
        bodies.write("a", BODY)

    assert names(tmp_path) == set()


def test_a_body_that_is_gone_or_cut_short_is_not_made_up(tmp_path: Path) -> None:
    bodies = Bodies(tmp_path)
    piece = bodies.write("a", BODY)
    (tmp_path / "a").write_bytes(BODY[:100])

    with pytest.raises(BodyLostError, match="has 100 bytes"):
        bodies.read([piece])
    with pytest.raises(BodyLostError, match="not there"):
        bodies.read([Piece("b", 3)])


def test_parts_that_are_put_together_are_not_held(tmp_path: Path) -> None:
    bodies = Bodies(tmp_path)
    with bodies.passing_by():
        bodies.meet(BODY, (Piece("a", LARGE),))
    assert bodies.recognise(BODY) is None
    bodies.meet(BODY, (Piece("a", LARGE),))
    assert bodies.recognise(BODY) == (Piece("a", LARGE),)


def test_what_neither_a_snapshot_nor_this_period_knows_is_removed(tmp_path: Path) -> None:
    bodies = Bodies(tmp_path)
    for name in ("named", "gone"):
        bodies.write(name, BODY)
    (tmp_path / "killed.new").write_bytes(b"half")
    bodies.begin_period()
    bodies.write("fresh", BODY)
    (tmp_path / "fresh.new").write_bytes(b"being written")
    with bodies.naming() as named:
        bodies.name([Piece("named", LARGE)])

    assert bodies.sweep(named) == 2
    assert names(tmp_path) == {"named", "fresh", "fresh.new"}
