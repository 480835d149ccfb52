"""What admit_file reads: its environment, and what asks for a file to be admitted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from windfall.clock import moment_of, timestamp
from windfall.contracts.arrivals import (
    AnalysisRequested,
    EventEnvelope,
    FileApproved,
    FileDeclined,
    ObjectCreatedEvent,
)
from windfall.contracts.base import problems_of
from windfall.contracts.subject import Asked
from windfall.errors import InvalidInputError
from windfall.planning.profiles import Overrides
from windfall.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """The environment of admit_file."""

    results_bucket: str
    insights_table: str
    event_bus: str
    aws_region: str
    profiles_path: str
    analyze_image_machine_arn: str
    analyze_text_machine_arn: str
    analyze_audio_machine_arn: str
    score_table_machine_arn: str
    analyze_video_machine_arn: str
    train_model_machine_arn: str
    traced_files_percent: float


class Arrival(NamedTuple):
    """One event that asks for a file to be admitted.

    Attributes:
        event_id: Equal when the same event is delivered again.
        sequencer: S3's order of events of one key; tells versions apart in an unversioned bucket.
        requested: True when somebody asked for it, false when the file was dropped.
        rerun: What failed or was skipped is to be tried again.
        force: Everything is to be paid for anew.
        revision: The file's, as it was seen by who asks.
        problem: Why the request can not be met, when that is known already.
        approved: Somebody wants it whatever it costs.
        file_id: Its identity, where it is known already.
        trace_id: Of the trace that the event began; None when it is not traced.
    """

    event_id: str
    received: str
    bucket: str
    key: str
    version_id: str | None = None
    size: int | None = None
    sequencer: str | None = None
    requested: bool = False
    rerun: bool = False
    force: bool = False
    revision: int | None = None
    overrides: Overrides = Overrides()
    problem: str | None = None
    approved: bool = False
    file_id: str | None = None
    trace_id: str | None = None

    @property
    def asked(self) -> Asked | None:
        """What the request itself asked for instead of the profile; None when nothing."""
        said = self.overrides
        asked = Asked(
            profile=said.profile, features=_listed(said.features), targets=_listed(said.targets)
        )
        return None if asked == Asked() else asked

    @property
    def is_folder_marker(self) -> bool:
        """Whether this is the empty object by which S3's console shows a folder."""
        return not self.requested and self.key.endswith("/") and self.size == 0


class Decision(NamedTuple):
    """What somebody decided about a held file.

    Attributes:
        revision: The file's, as it was held; about another one nothing is decided.
        reason: Why it is declined; None when it is approved.
        trace_id: Of the trace that the event began; None when it is not traced.
    """

    event_id: str
    received: str
    file_id: str
    revision: int
    reason: str | None
    trace_id: str | None = None


def arrival_of(body: str) -> Arrival | Decision:
    """The arrival, or the decision, that a queue message tells of.

    Raises:
        InvalidInputError: It is neither event, or a request that names no object.
    """
    try:
        document = json.loads(body)
        envelope = EventEnvelope.model_validate(document)
        if envelope.source == "aws.s3":
            return _dropped(ObjectCreatedEvent.model_validate(document))
        if envelope.detail_type == AnalysisRequested.__name__:
            return _requested(envelope)
        if envelope.detail_type == FileApproved.__name__:
            return _decided(envelope, FileApproved.model_validate(envelope.detail), None)
        if envelope.detail_type == FileDeclined.__name__:
            declined = FileDeclined.model_validate(envelope.detail)
            return _decided(envelope, declined, declined.reason)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(
            f"The message is no event that admit_file knows: {error}"
        ) from error
    raise InvalidInputError(f"admit_file does not take {envelope.detail_type} events.")


def _decided(
    envelope: EventEnvelope, about: FileApproved | FileDeclined, reason: str | None
) -> Decision:
    received = timestamp(moment_of(envelope.time))
    return Decision(envelope.id, received, about.file_id, about.revision, reason)


def _dropped(event: ObjectCreatedEvent) -> Arrival:
    found = event.detail.object
    version = None if found.version_id == "null" else found.version_id
    return Arrival(
        event_id=event.id,
        received=timestamp(moment_of(event.time)),
        bucket=event.detail.bucket.name,
        key=found.key,
        version_id=version,
        size=found.size,
        sequencer=found.sequencer,
    )


def _requested(envelope: EventEnvelope) -> Arrival:
    received = timestamp(moment_of(envelope.time))
    try:
        request = AnalysisRequested.model_validate(envelope.detail)
    except ValidationError as error:
        return _wrong_request(envelope, received, error)
    return Arrival(
        event_id=envelope.id,
        received=received,
        bucket=request.bucket,
        key=request.key,
        version_id=request.version_id,
        requested=True,
        rerun=request.rerun,
        force=request.force,
        revision=request.revision,
        overrides=Overrides(
            profile=request.profile,
            features=_texts(request.features),
            targets=_texts(request.targets),
        ),
    )


def _wrong_request(envelope: EventEnvelope, received: str, error: ValidationError) -> Arrival:
    """A request with a wrong field still names a file that can be told of it."""
    detail: Mapping[str, Any] = envelope.detail
    bucket, key, version = (detail.get(name) for name in ("bucket", "key", "version_id"))
    if not (isinstance(bucket, str) and bucket and isinstance(key, str) and key):
        raise error
    return Arrival(
        event_id=envelope.id,
        received=received,
        bucket=bucket,
        key=key,
        version_id=version if isinstance(version, str) else None,
        requested=True,
        problem=f"The request is wrong: {problems_of(error)}.",
    )


def _listed(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _texts(values: list[Any] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(str(value) for value in values)
