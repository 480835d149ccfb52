"""Shortening the journal: the same state after it, wherever it was interrupted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.fakes.workload import Workload
from tests.unit.mirror.described import described, differences, released
from tests.unit.mirror.lives import REGION, Life, killed, living
from windfall_local.api import Principal
from windfall_local.mirror.bodies import LARGE
from windfall_local.mirror.compaction import compact
from windfall_local.mirror.entries import Begin, Observed, pack
from windfall_local.mirror.errors import SnapshotError
from windfall_local.mirror.journal import Journal
from windfall_local.mirror.snapshot import Snapshot, SnapshotFile


def rotate(life: Life) -> int:
    """Begin the next segment, as the cloud does before another process shortens the journal."""
    through = life.mirror._journal.segment
    life.mirror._journal.begin(through + 1, pack(Begin(is_start=False)))
    life.mirror.bodies.begin_period()
    return through


async def nothing(folder: Path, through: int) -> None:
    """Killed before the other process began."""


async def a_draft(folder: Path, through: int) -> None:
    """Killed while the snapshot was written."""
    (folder / "stores.99.new").write_bytes(b"half a snapsh")


async def no_cleaning(folder: Path, through: int) -> None:
    """Killed when the snapshot was there, and before anything was removed."""
    await compact(folder, REGION, through)


async def half_a_cleaning(folder: Path, through: int) -> None:
    """Killed while segments were removed."""
    await compact(folder, REGION, through)
    Journal(folder / "journal").drop_through(1)


@pytest.mark.parametrize("ending", [nothing, a_draft, no_cleaning, half_a_cleaning])
async def test_killed_at_any_point_nothing_is_lost(
    tmp_path: Path, ending: Callable[[Path, int], Awaitable[None]]
) -> None:
    workload = Workload(7)
    async with living(tmp_path / "s") as life:
        await life.prepare(workload)
        await life.use(workload, 30)
        rotate(life)
        await life.use(workload, 30)
        through = rotate(life)
        await life.use(workload, 30)
        before = released(described(life.stores))
        folder = killed(tmp_path / "s")
    await ending(folder, through)
    async with living(folder) as again:
        assert not differences(before, described(again.stores))
        await again.use(workload, 10)
        before = released(described(again.stores))
        folder = killed(folder)
    async with living(folder) as again:
        assert not differences(before, described(again.stores))


async def test_the_journal_becomes_short_beside_the_requests(tmp_path: Path) -> None:
    workload = Workload(8)
    async with living(tmp_path / "s") as life:
        await life.prepare(workload)
        await life.use(workload, 40)
        assert await life.mirror.compact(life.stores.turn, REGION)

        assert Journal(tmp_path / "s" / "journal").segments() == [2]
        await life.use(workload, 5)
        before = released(described(life.stores))
        folder = killed(tmp_path / "s")
    async with living(folder) as again:
        assert not differences(before, described(again.stores))


async def test_bodies_go_with_the_last_that_points_to_them(tmp_path: Path) -> None:
    body = b"x" * LARGE
    async with living(tmp_path / "s") as life:
        await life.call("s3", "CreateBucket", Bucket="kept")
        for name in ("stays", "goes"):
            await life.call("s3", "PutObject", Bucket="kept", Key=name, Body=body)
        await life.call("s3", "CopyObject", Bucket="kept", Key="copy", CopySource="kept/goes")
        await life.call("s3", "DeleteObject", Bucket="kept", Key="goes")
        assert await life.mirror.compact(life.stores.turn, REGION)
        assert len(list((tmp_path / "s" / "bodies").iterdir())) == 2, "the copy needs it"

        await life.call("s3", "DeleteObject", Bucket="kept", Key="copy")
        await life.call("s3", "PutObject", Bucket="kept", Key="later", Body=body)
        async with life.stores.turn():
            life.mirror.close(life.stores)
    assert len(list((tmp_path / "s" / "bodies").iterdir())) == 2
    async with living(tmp_path / "s") as again:
        for name in ("stays", "later"):
            found = await again.call("s3", "GetObject", Bucket="kept", Key=name)
            assert found["Body"] == body


async def test_what_observers_had_not_heard_of_is_in_the_snapshot(tmp_path: Path) -> None:
    observed = Observed("call", Principal.root())
    async with living(tmp_path / "s") as life:
        await life.call("s3", "CreateBucket", Bucket="kept")
        asked = {"Bucket": "kept", "Key": "k", "Body": b"x" * LARGE}
        await life.stores.call("s3", "PutObject", asked, observed)
        await life.call("s3", "DeleteObject", Bucket="kept", Key="k")
        assert await life.mirror.compact(life.stores.turn, REGION)
        folder = killed(tmp_path / "s")
    async with living(folder) as again:
        ((request, _),) = again.mirror.untold.values()
        assert again.mirror.with_body(request).http.body == asked["Body"]
        again.stores.told(observed)
        folder = killed(folder)
    async with living(folder) as last:
        assert not last.mirror.untold


async def test_a_clean_end_leaves_a_snapshot_and_nothing_to_replay(tmp_path: Path) -> None:
    async with living(tmp_path / "s") as life:
        await life.prepare(Workload(9))
        async with life.stores.turn():
            life.mirror.close(life.stores)

    assert Journal(tmp_path / "s" / "journal").segments() == []
    assert SnapshotFile(tmp_path / "s" / "stores.pickle").read().covers == 1


async def test_where_no_snapshot_can_be_written_the_journal_stays(tmp_path: Path) -> None:
    async with living(tmp_path / "s") as life:
        await life.prepare(Workload(9))
        before = described(life.stores)
        (tmp_path / "s" / "stores.pickle").mkdir()  # what a file cannot replace
        async with life.stores.turn():
            life.mirror.close(life.stores)
        (tmp_path / "s" / "stores.pickle").rmdir()
    async with living(tmp_path / "s") as again:
        assert not differences(released(before), described(again.stores))


def test_a_state_that_cannot_be_written_down_replaces_nothing(tmp_path: Path) -> None:
    file = SnapshotFile(tmp_path / "stores.pickle")
    file.write(Snapshot({"s3": {}}, covers=3))

    with pytest.raises(SnapshotError, match="state of sqs"):
        file.write(Snapshot({"s3": {}, "sqs": {"0": lambda: None}}, covers=4))

    assert file.read().covers == 3
    assert [path.name for path in tmp_path.iterdir()] == ["stores.pickle"]
