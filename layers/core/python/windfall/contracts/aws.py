"""AWS's own events, as far as Windfall reads them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from windfall.contracts.base import ForeignContract


class S3EventBucket(ForeignContract):
    """The bucket of an S3 event."""

    name: str


class S3EventObject(ForeignContract):
    """The object of an S3 event; its key is not URL-encoded (other than in S3's older events).

    `version_id` is absent in a bucket without versions; `sequencer` orders events of one key.
    """

    key: str
    size: int = 0
    etag: str | None = None
    version_id: str | None = Field(default=None, alias="version-id")
    sequencer: str | None = None


class S3EventDetail(ForeignContract):
    """The detail of an S3 event."""

    bucket: S3EventBucket
    object: S3EventObject


class EventEnvelope(ForeignContract):
    """Any event as EventBridge hands it over."""

    id: str
    source: str
    detail_type: str = Field(alias="detail-type")
    time: str
    detail: dict[str, Any]


class ObjectCreatedEvent(ForeignContract):
    """S3 says that an object was created."""

    id: str
    source: Literal["aws.s3"]
    detail_type: Literal["Object Created"] = Field(alias="detail-type")
    time: str
    detail: S3EventDetail


class ExecutionStatusDetail(ForeignContract):
    """How an execution stands; `error` and `cause` only where it failed with some."""

    execution_arn: str = Field(alias="executionArn")
    state_machine_arn: str = Field(alias="stateMachineArn")
    name: str
    status: Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]
    error: str | None = None
    cause: str | None = None


class ExecutionStatusEvent(ForeignContract):
    """Step Functions says that an execution's status changed."""

    id: str
    source: Literal["aws.states"]
    detail_type: Literal["Step Functions Execution Status Change"] = Field(alias="detail-type")
    time: str
    detail: ExecutionStatusDetail


class TranscriptionJobDetail(ForeignContract):
    """How a transcription job stands; why it failed is not in the event."""

    name: str = Field(alias="TranscriptionJobName")
    status: Literal["QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED"] = Field(
        alias="TranscriptionJobStatus"
    )


class TranscriptionJobEvent(ForeignContract):
    """Transcribe says that a job's status changed."""

    id: str
    source: Literal["aws.transcribe"]
    detail_type: Literal["Transcribe Job State Change"] = Field(alias="detail-type")
    time: str
    detail: TranscriptionJobDetail


class TopicMessage(ForeignContract):
    """A message of an SNS topic."""

    message: str = Field(alias="Message")


class TopicRecord(ForeignContract):
    """What SNS hands to a function."""

    sns: TopicMessage = Field(alias="Sns")


class TopicEvent(ForeignContract):
    """SNS invokes a function; there is one record, though its shape allows for more."""

    records: list[TopicRecord] = Field(alias="Records")
