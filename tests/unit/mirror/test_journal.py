"""The journal's files: whole entries, torn ends, full disks."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.disk import FullDisk
from windfall_local.mirror.errors import JournalError
from windfall_local.mirror.journal import Journal

ENTRIES = [b"one", b"", b"three" * 50, b"four\n\x00"]


@pytest.fixture
def disk() -> FullDisk:
    return FullDisk()


@pytest.fixture
def journal(tmp_path: Path, disk: FullDisk) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal", disk.write)
    yield journal
    journal.close()


def read(folder: Path, number: int = 1, *, is_last: bool = True) -> list[bytes]:
    return list(Journal(folder / "journal").read(number, is_last=is_last))


def fill(journal: Journal) -> list[int]:
    journal.begin(1, ENTRIES[0])
    return [journal.add(entry) for entry in ENTRIES[1:]]


def test_what_was_added_is_read_in_order(journal: Journal, tmp_path: Path) -> None:
    fill(journal)

    assert read(tmp_path) == ENTRIES
    assert (journal.segment, journal.entries) == (1, 4)


def test_a_torn_end_costs_the_entry_that_was_not_whole_and_nothing_else(
    journal: Journal, tmp_path: Path
) -> None:
    places = [*fill(journal), (tmp_path / "journal" / "00000001.journal").stat().st_size]
    whole = (tmp_path / "journal" / "00000001.journal").read_bytes()

    for length in range(places[0], len(whole)):
        path = tmp_path / "torn" / "journal" / "00000001.journal"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(whole[:length])
        path.chmod(0o600)
        kept = sum(place <= length for place in places)

        assert read(tmp_path / "torn") == ENTRIES[:kept]
        assert path.stat().st_size == places[kept - 1], "the rest is cut off"
        assert read(tmp_path / "torn") == ENTRIES[:kept]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 290), bits=st.integers(1, 255))
def test_a_damaged_byte_is_noticed(tmp_path: Path, at: int, bits: int) -> None:
    folder = tmp_path / f"{at}-{bits}"
    journal = Journal(folder / "journal")
    fill(journal)
    journal.close()
    path = folder / "journal" / "00000001.journal"
    damaged = bytearray(path.read_bytes())
    damaged[at] ^= bits
    path.write_bytes(damaged)

    assert read(folder) != ENTRIES
    assert read(folder) == ENTRIES[: len(read(folder))]


def test_damage_is_not_passed_over_where_more_was_accepted_after_it(
    journal: Journal, tmp_path: Path
) -> None:
    fill(journal)
    journal.begin(2, b"later")
    path = tmp_path / "journal" / "00000001.journal"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(JournalError, match="damaged from byte"):
        read(tmp_path, is_last=False)


def test_a_full_disk_leaves_the_journal_as_it_was(
    journal: Journal, tmp_path: Path, disk: FullDisk
) -> None:
    fill(journal)
    for disk.room in range(12):
        with pytest.raises(OSError, match="No space left"):
            journal.add(b"more")
    with pytest.raises(OSError, match="No space left") as caught:
        journal.begin(2, b"next")

    assert caught.value.errno == errno.ENOSPC
    disk.room = 1000
    journal.add(b"more")
    assert read(tmp_path) == [*ENTRIES, b"more"]
    assert journal.segments() == [1]


def test_an_entry_can_be_taken_back(journal: Journal, tmp_path: Path) -> None:
    fill(journal)
    journal.take_back(journal.add(b"nothing"))
    journal.add(b"something")

    assert read(tmp_path) == [*ENTRIES, b"something"]


def test_segments_that_a_snapshot_covers_are_removed(journal: Journal) -> None:
    for number in (1, 2, 3):
        journal.begin(number, b"")
    journal.drop_through(3)

    assert journal.segments() == [3], "the one that is written stays"


def test_a_journal_that_others_could_write_is_not_read(journal: Journal, tmp_path: Path) -> None:
    fill(journal)
    (tmp_path / "journal" / "00000001.journal").chmod(0o622)

    with pytest.raises(JournalError, match="another user"):
        read(tmp_path)
