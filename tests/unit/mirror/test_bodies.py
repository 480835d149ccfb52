"""Large bodies: written once, shared, removed when nobody knows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.disk import FullDisk
from windfall_local.mirror.bodies import LARGE, Bodies
from windfall_local.mirror.errors import BodyLostError
from windfall_local.mirror.passing import Piece

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


def test_a_body_that_comes_bit_by_bit_stays_if_it_was_kept(tmp_path: Path) -> None:
    bodies = Bodies(tmp_path)
    drafts = [bodies.draft(name) for name in ("kept", "not kept", "not finished")]
    for draft in drafts:
        draft.write(BODY)
        draft.write(memoryview(b"xyz"))
    bodies.begin_period()
    assert bodies.sweep(set()) == 0, "what still arrives is nobody's to remove"
    piece, _ = drafts[0].finish(), drafts[1].finish()
    bodies.keep(piece)
    for draft in drafts:
        draft.close()

    assert names(tmp_path) == {"kept"}
    assert bodies.read([piece]) == bytes(bodies.view(piece)) == BODY + b"xyz"
    assert bodies.sweep(set()) == 0
    bodies.begin_period()
    assert bodies.sweep(set()) == 1


def test_what_is_read_bit_by_bit_stays_until_it_was_read(tmp_path: Path) -> None:
    bodies = Bodies(tmp_path)
    pieces = (bodies.write("a", BODY), bodies.write("b", b"xyz"))
    reading = bodies.reading(pieces)
    bodies.begin_period()
    bodies.forget_met()

    assert bodies.sweep(set()) == 0
    assert (len(reading), b"".join(reading)) == (LARGE + 3, BODY + b"xyz")
    del reading
    assert bodies.sweep(set()) == 2
    with pytest.raises(BodyLostError, match="not there"):
        bodies.reading(pieces)


def test_of_a_body_that_found_no_room_on_its_way_nothing_is_left(tmp_path: Path) -> None:
    bodies = Bodies(tmp_path, FullDisk(LARGE + 1).write)
    draft = bodies.draft("a")
    draft.write(BODY)
    with pytest.raises(OSError, match="No space left"):
        draft.write(BODY)
    draft.close()

    assert names(tmp_path) == set()


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
