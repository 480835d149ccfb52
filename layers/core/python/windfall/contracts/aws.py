"""What AWS says of long jobs, as far as Windfall reads it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windfall.contracts.base import ForeignContract


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


class TranslationJobDetail(ForeignContract):
    """How a batch translation job stands; its name is not in the event."""

    job_id: str = Field(alias="jobId")
    status: str = Field(alias="jobStatus")


class TranslationJobEvent(ForeignContract):
    """Translate says that a batch job ended."""

    id: str
    source: Literal["aws.translate"]
    detail_type: Literal["Translate TextTranslationJob State Change"] = Field(alias="detail-type")
    time: str
    detail: TranslationJobDetail


class SpeechTaskNotice(ForeignContract):
    """Polly says by SNS that a synthesis task ended; AWS documents no form of it.

    Attributes:
        status: Seen as `COMPLETED`; the API says `completed`.
        output: Where the speech is: seen as `s3://…`; the API says `https://…`.
    """

    task: str = Field(alias="taskId")
    status: Literal["COMPLETED", "FAILED", "completed", "failed"] = Field(alias="taskStatus")
    output: str = Field(alias="outputUri")


class InferenceAnswer(ForeignContract):
    """Where the answer to a request lies; where a failure does is not always told."""

    output_location: str | None = Field(default=None, alias="outputLocation")


class InferenceNotice(ForeignContract):
    """SageMaker says by SNS that an asynchronous inference ended."""

    source: Literal["aws:sagemaker"] = Field(alias="eventSource")
    status: Literal["Completed", "Failed"] = Field(alias="invocationStatus")
    inference_id: str = Field(alias="inferenceId")
    answer: InferenceAnswer = Field(default_factory=InferenceAnswer, alias="responseParameters")
    failure_location: str | None = Field(default=None, alias="failureLocation")
    failure_reason: str | None = Field(default=None, alias="failureReason")


class TopicMessage(ForeignContract):
    """A message of an SNS topic."""

    message: str = Field(alias="Message")


class TopicRecord(ForeignContract):
    """What SNS hands to a function."""

    sns: TopicMessage = Field(alias="Sns")


class TopicEvent(ForeignContract):
    """SNS invokes a function; there is one record, though its shape allows for more."""

    records: list[TopicRecord] = Field(alias="Records")


class VideoJobMessage(ForeignContract):
    """Rekognition says that a job on a video ended; `tag` is the name that we gave it."""

    job_id: str = Field(alias="JobId")
    tag: str = Field(alias="JobTag")


class EndpointDetail(ForeignContract):
    """How an endpoint stands, and what it serves or turns to."""

    endpoint: str = Field(alias="EndpointName")
    configuration: str = Field(alias="EndpointConfigName")
    status: str = Field(alias="EndpointStatus")


class EndpointEvent(ForeignContract):
    """SageMaker says that an endpoint's status changed."""

    id: str
    source: Literal["aws.sagemaker"]
    detail_type: Literal["SageMaker Endpoint State Change"] = Field(alias="detail-type")
    time: str
    detail: EndpointDetail
