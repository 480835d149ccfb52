"""The table of insights: conditions, generations and reading, through real boto3."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from windfall import identity, keys
from windfall.adapters.dynamodb import DynamoInsightsIndex
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.base import OutputLocation, S3Pointer
from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.contracts.subject import FileIdentity, Kind
from windfall.errors import ConflictError, TransientError
from windfall.insights_reader import InsightsReader
from windfall.manifest import manifest_of
from windfall.ports.insights import AnalysisState, Attachment, Term

TABLE = "insights"
RECEIVED, NOW = "2026-11-23T14:00:00.000Z", datetime(2026, 11, 23, 15, tzinfo=UTC)
ANALYSIS_ID = "a" * 40
CONTENT = identity.content_id("b" * 64, Kind.TEXT, "txt")


def file_of(key: str) -> FileIdentity:
    return FileIdentity(
        file_id=identity.file_id("inbox", key, "v1"),
        bucket="inbox",
        key=key,
        version_id="v1",
        size=5,
        format="txt",
        media_type="text/plain",
        content_sha256="b" * 64,
    )


def attachment_of(key: str, revision: int = 1) -> Attachment:
    return Attachment(
        file=file_of(key),
        kind=Kind.TEXT,
        received=RECEIVED,
        profile="default",
        settings_hash="c" * 64,
        retention_days=365,
        revision=revision,
    )


def plan_of(key: str, attempt: int = 1) -> AnalysisInput:
    file = file_of(key)
    return AnalysisInput(
        analysis_id=ANALYSIS_ID,
        attempt=attempt,
        kind=Kind.TEXT,
        profile="default",
        received=RECEIVED,
        file=file,
        source=S3Pointer(bucket="inbox", key=key),
        output=OutputLocation(bucket="results", prefix=f"results/{file.file_id}/"),
    )


def manifest(key: str, status: FileStatus = FileStatus.ANALYZED) -> Manifest:
    return manifest_of(
        attachment_of(key),
        plan_of(key),
        status=status,
        recorded="2026-11-23T14:00:05.500Z",
        outcomes=[],
        files=[],
        before=None,
    )


OUTCOMES = [
    Outcome(feature="sentiment", status=OutcomeStatus.OK, summary={"sentiment": "POSITIVE"}),
    Outcome(feature="pii", status=OutcomeStatus.FAILED, reason="It broke: ñ 📷"),
]


def terms(count: int) -> list[Term]:
    return [Term("label", f"dog {n}", f"Dog {n}", 99.5, 2, "labels") for n in range(count)]


@pytest.fixture
def index(table: Any) -> DynamoInsightsIndex:
    return DynamoInsightsIndex(TABLE, table)


@pytest.fixture
def reader(table: Any) -> InsightsReader:
    return InsightsReader(table, TABLE, clock=lambda: NOW)


def begun(index: DynamoInsightsIndex, key: str = "a.txt") -> Attachment:
    attachment = attachment_of(key)
    index.begin(plan_of(key), attachment, "event-1", None, None)
    return attachment


def test_a_claim_is_read_as_it_was_written(index: DynamoInsightsIndex) -> None:
    attachment = begun(index)

    analysis = index.analysis(ANALYSIS_ID)
    assert analysis is not None
    assert (analysis.attempt, analysis.state, analysis.attachments) == (1, "running", 1)
    assert AnalysisInput.model_validate_json(analysis.document) == plan_of("a.txt")
    assert index.attachments(ANALYSIS_ID, 1) == [attachment]
    assert index.attachments(ANALYSIS_ID, 2) == []
    row = index.file(attachment.file.file_id)
    assert row is not None
    assert (row.status, row.revision, row.analysis_id, row.kind) == (
        "analyzing",
        1,
        ANALYSIS_ID,
        Kind.TEXT,
    )


def test_the_analyses_of_the_same_bytes_are_known(index: DynamoInsightsIndex) -> None:
    assert index.analyses_of(CONTENT) == frozenset()
    begun(index)
    other = plan_of("b.txt").model_copy(update={"analysis_id": "d" * 40})
    with pytest.raises(ConflictError):
        index.begin(other, attachment_of("b.txt"), "event-2", None, None)
    assert index.analysis("d" * 40) is None
    seen = index.analyses_of(CONTENT)
    index.begin(other, attachment_of("b.txt"), "event-2", None, None, seen)

    assert seen == {ANALYSIS_ID}
    assert index.analyses_of(CONTENT) == {ANALYSIS_ID, "d" * 40}


def test_the_files_since_a_moment_come_newest_first_over_days(
    index: DynamoInsightsIndex, reader: InsightsReader
) -> None:
    days = ("20T09:00", "22T09:00", "22T23:59", "23T00:00", "23T14:59")
    for number, day in enumerate(days):
        received = f"2026-11-{day}:00.000Z"
        file = file_of(f"{number}.txt").model_copy(update={"content_sha256": f"{number}" * 64})
        changes = {"file": file, "received": received}
        plan = plan_of(file.key).model_copy(
            update={**changes, "analysis_id": f"{number}" * 40, "file": file}
        )
        attachment = attachment_of(file.key).model_copy(update=changes)
        index.begin(plan, attachment, f"event-{number}", None, None)

    def since(day: int, hour: int) -> list[str]:
        moment = datetime(2026, 11, day, hour, tzinfo=UTC)
        return [row.key for row in reader.since(moment)]

    assert since(22, 9) == ["4.txt", "3.txt", "2.txt", "1.txt"]
    assert since(22, 10) == ["4.txt", "3.txt", "2.txt"]
    assert since(1, 0) == ["4.txt", "3.txt", "2.txt", "1.txt", "0.txt"]
    assert since(24, 0) == []


def test_a_second_claim_writes_nothing(index: DynamoInsightsIndex) -> None:
    begun(index)
    with pytest.raises(ConflictError):
        index.begin(plan_of("b.txt"), attachment_of("b.txt"), "event-2", None, None)

    assert index.file(file_of("b.txt").file_id) is None
    assert len(index.attachments(ANALYSIS_ID, 1)) == 1


def test_closing_needs_every_attached_file(index: DynamoInsightsIndex) -> None:
    begun(index)
    analysis = index.analysis(ANALYSIS_ID)
    assert analysis is not None
    index.attach(analysis, attachment_of("b.txt"), None)
    with pytest.raises(ConflictError):
        index.close(ANALYSIS_ID, 1, 1, AnalysisState.RECORDED, OUTCOMES)
    index.close(ANALYSIS_ID, 1, 2, AnalysisState.RECORDED, OUTCOMES)
    with pytest.raises(ConflictError):
        index.attach(analysis, attachment_of("c.txt"), None)

    closed = index.analysis(ANALYSIS_ID)
    assert closed is not None
    assert (closed.state, closed.outcomes) == ("recorded", OUTCOMES)


def test_a_new_attempt_needs_the_one_that_was_seen(index: DynamoInsightsIndex) -> None:
    attachment = begun(index)
    seen = index.analysis(ANALYSIS_ID)
    row = index.file(attachment.file.file_id)
    index.close(ANALYSIS_ID, 1, 1, AnalysisState.FAILED, [])
    again = attachment_of("a.txt", 2)
    known = index.analyses_of(CONTENT)
    with pytest.raises(ConflictError):
        index.begin(plan_of("a.txt", 2), again, "event-2", seen, row, known)
    now = index.analysis(ANALYSIS_ID)
    with pytest.raises(ConflictError):
        index.begin(plan_of("a.txt", 2), again, "event-2", now, row)
    index.begin(plan_of("a.txt", 2), again, "event-2", now, row, known)

    assert index.attachments(ANALYSIS_ID, 2) == [again]


def test_a_generation_is_seen_only_once_it_is_shown(
    index: DynamoInsightsIndex, reader: InsightsReader
) -> None:
    attachment = begun(index)
    file_id = attachment.file.file_id
    index.write_generation(attachment, OUTCOMES, terms(1200))
    before = reader.file(file_id)
    assert before is not None
    assert (before.outcomes, before.terms, reader.search("DOG 7")) == ([], [], [])
    index.show(manifest("a.txt"), attachment, generation=True)

    after = reader.file(file_id)
    assert after is not None
    assert sorted(outcome.feature for outcome in after.outcomes) == ["pii", "sentiment"]
    assert len(after.terms) == 1200
    (hit,) = reader.search("  Dog   7 ")
    assert (hit.file.key, hit.text, hit.score, hit.count) == ("a.txt", "Dog 7", 99.5, 2)
    assert (after.file.status, after.file.seconds) == ("analyzed", 5.5)


def test_old_generations_are_removed_with_their_terms(
    index: DynamoInsightsIndex, reader: InsightsReader, table: Any
) -> None:
    attachment = begun(index)
    index.write_generation(attachment, OUTCOMES, terms(60))
    index.show(manifest("a.txt"), attachment, generation=True)
    index.remove_generation(attachment.file.file_id, "00000001")

    assert reader.search("dog 7") == []
    assert {item["sk"]["S"][:4] for item in table.scan(TableName=TABLE)["Items"]} == {
        "FILE",
        "ANAL",
        "CONT",
    }
    assert table.scan(TableName=TABLE)["Count"] == 4


def test_a_file_that_moved_on_is_not_ended(index: DynamoInsightsIndex) -> None:
    attachment = begun(index)
    index.show(manifest("a.txt"), attachment, generation=True)
    with pytest.raises(ConflictError):
        index.show(manifest("a.txt", FileStatus.FAILED), attachment, generation=False)
    index.announced(attachment.file.file_id, 7)
    row = index.file(attachment.file.file_id)
    assert row is not None
    assert (row.status, row.announced) == ("analyzed", False)
    index.announced(attachment.file.file_id, 1)
    row = index.file(attachment.file.file_id)
    assert row is not None
    assert row.announced


def test_a_file_is_turned_away_once(index: DynamoInsightsIndex) -> None:
    rejected = manifest("a.txt", FileStatus.REJECTED).model_copy(
        update={"reason": "Empty.", "kind": None, "format": None}
    )
    index.turn_away(rejected, 1, 30)
    with pytest.raises(ConflictError):
        index.turn_away(rejected, 1, 30)

    row = index.file(rejected.file_id)
    assert row is not None
    assert (row.status, row.reason, row.kind) == ("rejected", "Empty.", None)


def test_recent_files_come_newest_first(index: DynamoInsightsIndex, reader: InsightsReader) -> None:
    for number, received in enumerate(
        ["2026-11-22T23:00:00.000Z", "2026-11-23T10:00:00.000Z", "2026-11-23T09:00:00.000Z"]
    ):
        turned = manifest(f"{number}.txt", FileStatus.REJECTED).model_copy(
            update={"received": received}
        )
        index.turn_away(turned, 1, 30)

    assert [row.key for row in reader.recent()] == ["1.txt", "2.txt", "0.txt"]
    assert [row.key for row in reader.recent(limit=1)] == ["1.txt"]
    first = file_of("0.txt").file_id
    assert [row.key for row in reader.matching(first[:8])] == ["0.txt"]


def test_files_are_walked_from_a_place_on(
    index: DynamoInsightsIndex, reader: InsightsReader
) -> None:
    times = ["2026-11-20T23:00:00.000Z", "2026-11-23T09:00:00.000Z", "2026-11-23T10:00:00.000Z"]
    for number, received in enumerate(times):
        turned = manifest(f"{number}.txt", FileStatus.REJECTED)
        index.turn_away(turned.model_copy(update={"received": received}), 1, 30)

    newest, *others = reader.walk()
    place = keys.recent_sk(newest.received, newest.file_id)
    assert [row.key for row in (newest, *others)] == ["2.txt", "1.txt", "0.txt"]
    assert list(reader.walk(place)) == others
    assert [row.key for row in reader.walk(place, days=1)] == ["1.txt"]
    assert [row.key for row in reader.walk("2026-11-23")] == ["0.txt"]
    assert list(reader.walk("2026-11-20")) == []


def test_outcomes_are_read_without_terms(
    index: DynamoInsightsIndex, reader: InsightsReader
) -> None:
    attachment = begun(index)
    waiting = index.file(attachment.file.file_id)
    assert waiting is not None
    assert reader.outcomes(waiting) == []
    index.write_generation(attachment, OUTCOMES, terms(3))
    index.show(manifest("a.txt"), attachment, generation=True)

    row = index.file(attachment.file.file_id)
    assert row is not None
    assert sorted(reader.outcomes(row), key=lambda one: one.feature, reverse=True) == OUTCOMES


def test_rows_that_the_table_did_not_take_are_sent_again() -> None:
    reluctant = _Reluctant(refusals=3)
    pauses: list[float] = []
    DynamoInsightsIndex(TABLE, reluctant, pauses.append).write_generation(
        attachment_of("a.txt"), OUTCOMES, terms(40)
    )

    assert len(reluctant.taken) == len(OUTCOMES) + 1 + 40
    assert len(pauses) == 3


def test_rows_that_the_table_never_takes_are_an_error() -> None:
    index = DynamoInsightsIndex(TABLE, _Reluctant(refusals=99), lambda _: None)
    with pytest.raises(TransientError):
        index.write_generation(attachment_of("a.txt"), OUTCOMES, [])


class _Reluctant:
    """A table that takes only one row of a batch, so many times."""

    def __init__(self, refusals: int) -> None:
        self._refusals = refusals
        self.taken: list[dict[str, Any]] = []

    def batch_write_item(self, RequestItems: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        (rows,) = RequestItems.values()
        assert len(rows) <= 25
        if self._refusals > 0:
            self._refusals -= 1
            return {"UnprocessedItems": {TABLE: rows}}
        self.taken += rows
        return {"UnprocessedItems": {}}


def test_what_failed_waits_again_once_unless_it_moved_on(index: DynamoInsightsIndex) -> None:
    attachment = begun(index)
    running = index.analysis(ANALYSIS_ID)
    assert running is not None
    assert running.redrives == 0
    failed = manifest("a.txt", FileStatus.FAILED)
    index.show(failed.model_copy(update={"reason": "It broke."}), attachment, generation=False)
    index.close(ANALYSIS_ID, 1, 1, AnalysisState.FAILED, OUTCOMES)
    with pytest.raises(ConflictError):
        index.reopen(running, 1)
    seen = index.analysis(ANALYSIS_ID)
    assert seen is not None
    index.reopen(seen, 1)
    for _ in range(2):
        index.wait_again(attachment)

    again = index.analysis(ANALYSIS_ID)
    assert again is not None
    assert (again.state, again.redrives, again.outcomes) == ("running", 1, None)
    row = index.file(attachment.file.file_id)
    assert row is not None
    assert (row.status, row.reason, row.announced) == ("analyzing", None, False)
    index.show(manifest("a.txt"), attachment, generation=False)
    index.wait_again(attachment)
    row = index.file(attachment.file.file_id)
    assert row is not None
    assert row.status == "analyzed"
