"""Checks a table row by row and cuts it into payloads, part after part, until time runs low."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from prepare_table.cutting import MOST_ROWS, Part, Shape, cut
from prepare_table.inheritance import inherit
from windfall import identity
from windfall.addresses import object_at
from windfall.checkpoints import RESERVE, Checkpoints, TimeLeft
from windfall.clock import Clock, utc_now
from windfall.contracts.input_contract import InputContract
from windfall.contracts.outcome import OutcomeStatus
from windfall.contracts.scoring import Payload, PreparedTable, Sheet, Transform
from windfall.contracts.table import ScoringMode
from windfall.errors import InvalidInputError, WorkContinuesError
from windfall.features import Finding, settle
from windfall.tables import workroom
from windfall.tables.fitting import Fitting, PlainFitting
from windfall.tables.reading import Table, open_table
from windfall.tables.spreadsheets import MEDIA_TYPE, csv_pieces

if TYPE_CHECKING:
    from windfall.contracts.scoring import TableAnalysis
    from windfall.ports.storage import ObjectStore

MOST_PAYLOADS = 500
"""Of one table by asynchronous inference: how each ended stands in the machine's state."""
_MOST_BYTES = {
    # Quotas of InvokeEndpoint: 25 MB, of which Windfall uses what every container takes; 4 MB.
    ScoringMode.REAL_TIME: 6_000_000,
    ScoringMode.SERVERLESS: 4_000_000,
}
_REASONS = 5


class TablePreparer:
    """Prepares tables."""

    def __init__(self, store: ObjectStore, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def prepare(self, analysis: TableAnalysis, time_left: TimeLeft) -> PreparedTable:
        """Check a table and write its payloads.

        Raises:
            WorkContinuesError: Time runs low; the parts that are done are kept.
            TransientError: S3 is busy.
        """
        work = _Work(self._store, analysis, time_left)
        # What is done is kept with the parts, so that it is gone when they are.
        checkpoints = Checkpoints(self._store, workroom.work_location(analysis), workroom.FEATURE)
        outcome = settle(workroom.FEATURE, checkpoints, self._clock, work.find)
        if outcome.status is not OutcomeStatus.OK:
            return PreparedTable(outcomes=[outcome], payloads=[])
        parts = work.parts()
        payloads = [part.number for part in parts if part.rows]
        scored_by = inherit(self._store, analysis, parts)
        transform = work.transform(scored_by)
        return PreparedTable(outcomes=[outcome], payloads=payloads, transform=transform)


class _Work:
    """One table."""

    def __init__(self, store: ObjectStore, analysis: TableAnalysis, time_left: TimeLeft) -> None:
        self._store = store
        self._analysis = analysis
        self._plan, self._layout = analysis.table, analysis.layout
        self._time_left = time_left
        self._location = workroom.work_location(analysis)
        self._saved = Checkpoints(store, self._location, workroom.FEATURE)

    def parts(self) -> list[Payload]:
        """The parts that are done."""
        done = workroom.parts_done(self._saved.saved())
        names = [workroom.part_name(number) for number in range(1, done + 1)]
        return [Payload.model_validate_json(body) for body in self._saved.parts(names)]

    def find(self) -> Finding:
        """Write the parts that are not there yet, then judge the table as a whole."""
        parts = self.parts()
        skip = sum(part.read for part in parts)
        model = self._model()
        file_format = self._analysis.file.format
        source = self._analysis.source
        with open_table(self._store, source, file_format, self._layout, skip) as table:
            sheet = self._sheet(table, model)
            shape = self._shape(sheet)
            for number, part in enumerate(cut(table.rows, shape), len(parts) + 1):
                parts.append(self._save(number, part))
                if self._time_left() < RESERVE:
                    raise WorkContinuesError(f"{number} parts done; the next try goes on.")
        self._write_rejected(sheet, parts)
        return self._judged(sheet, parts)

    def transform(self, scored_by: int | None) -> Transform | None:
        """The batch transform job that scores the payloads, where one does.

        Args:
            scored_by: The attempt whose job has scored them.
        """
        if self._plan.mode is not ScoringMode.BATCH_TRANSFORM:
            return None
        bucket = self._location.bucket
        prefix = f"s3://{bucket}/{self._saved.place('').key}"
        attempt = self._analysis.attempt if scored_by is None else scored_by
        name = identity.execution_name(self._analysis.analysis_id, attempt)
        return Transform(
            job=f"windfall-{identity.stack_mark(bucket)}-{name}",
            source=f"{prefix}payloads/",
            output=f"{prefix}outputs/",
            payload_megabytes=self._plan.payload_megabytes,
            done=scored_by is not None,
        )

    def _model(self) -> InputContract | None:
        uri, digest = self._plan.contract, self._plan.contract_sha256
        if uri is None:
            return None
        body = self._store.read(object_at(uri))
        if hashlib.sha256(body).hexdigest() != digest:
            raise InvalidInputError(f"The model's contract {uri} was replaced; drop it again.")
        return InputContract.model_validate_json(body)

    def _sheet(self, table: Table, model: InputContract | None) -> Sheet:
        """What is known of the table; an earlier try has to have seen the same object."""
        identifying = self._plan.id_column
        if identifying is not None and identifying not in table.header:
            raise InvalidInputError(f"The column {identifying!r} can not be found.")
        kept = table.header
        if self._plan.keep == "id":
            kept = [] if identifying is None else [identifying]
        sheet = Sheet(header=table.header, kept=kept, etag=table.etag, model=model)
        if workroom.SHEET not in self._saved.saved():
            self._saved.save(workroom.SHEET, sheet.model_dump_json().encode())
        elif Sheet.model_validate_json(self._saved.part(workroom.SHEET)) != sheet:
            raise InvalidInputError("The table was replaced while it was read; drop it again.")
        return sheet

    def _shape(self, sheet: Sheet) -> Shape:
        plan, model = self._plan, sheet.model
        places = {name: place for place, name in enumerate(sheet.header)}
        sent = plan.columns or [name for name in sheet.header if name != plan.id_column]
        megabytes = plan.payload_megabytes * 1_000_000
        return Shape(
            fitting=PlainFitting(sent, sheet.header)
            if model is None
            else Fitting(model, sheet.header, self._layout.decimal),
            content_type=plan.content_type,
            with_header=plan.header,
            missing_as="" if model is None else model.missing_as,
            kept=[places[name] for name in sheet.kept],
            most=min(megabytes, _MOST_BYTES.get(plan.mode, megabytes)),
        )

    def _save(self, number: int, part: Part) -> Payload:
        """Write a part; what tells that it is there comes last."""
        if number > MOST_PAYLOADS and self._plan.mode is ScoringMode.ASYNC:
            raise InvalidInputError(
                f"The table needs more than {MOST_PAYLOADS} payloads of"
                f" {self._plan.payload_megabytes} MB or {MOST_ROWS:,} rows; let them be larger"
                " (table.payload_megabytes), or score it by batch_transform."
            )
        payload = Payload(
            number=number,
            rows=part.rows,
            read=part.read,
            sha256=part.sha256,
            size=len(part.payload),
            reasons=part.reasons,
        )
        if part.rows:
            content_type = self._plan.content_type
            self._saved.save(
                workroom.payload_name(number, content_type), part.payload, content_type
            )
            self._saved.save(workroom.rows_name(number), part.beside, MEDIA_TYPE)
        if part.rejected:
            self._saved.save(workroom.rejected_name(number), part.rejected, MEDIA_TYPE)
        self._saved.save(workroom.part_name(number), payload.model_dump_json().encode())
        return payload

    def _write_rejected(self, sheet: Sheet, parts: Sequence[Payload]) -> None:
        """`rejected.csv`: the rows that are not sent, with their reasons."""
        if all(part.rows == part.read for part in parts):
            return
        head = csv_pieces([["row", "reason", *sheet.header]])
        bodies = (
            self._saved.part(workroom.rejected_name(part.number))
            for part in parts
            if part.rows < part.read
        )
        output = self._analysis.output
        key = f"{output.prefix}rejected.csv"
        self._store.write_pieces(output.bucket, key, chain(head, bodies), MEDIA_TYPE)

    def _judged(self, sheet: Sheet, parts: Sequence[Payload]) -> Finding:
        read, sent = sum(part.read for part in parts), sum(part.rows for part in parts)
        if read == 0:
            raise InvalidInputError("The table has a header and no rows below it.")
        rejected = read - sent
        most = self._plan.most_rejected
        if sent == 0 or rejected * 100 > most * read:
            reasons = list(chain.from_iterable(part.reasons for part in parts))[:_REASONS]
            raise InvalidInputError(
                f"{rejected:,} of {read:,} rows do not fit the model ({most:g} % at most may):"
                f" {'; '.join(reasons)}{'; …' if rejected > len(reasons) else ''}"
            )
        summary: dict[str, Any] = {
            "rows": read,
            "columns": len(sheet.header),
            "rejected": rejected,
            "payloads": sum(part.rows > 0 for part in parts),
        }
        if rejected:
            reasons = list(chain.from_iterable(part.reasons for part in parts))[:_REASONS]
            summary["reasons"] = reasons
        return Finding(None, summary)
