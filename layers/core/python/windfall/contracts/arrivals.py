"""What asks for a file to be admitted: S3's event for a dropped one, or somebody on the bus."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from windfall.contracts.base import Contract, ForeignContract, HexId, LanguageCode
from windfall.contracts.features import ImageFeature, TextFeature, VideoFeature


class EventEnvelope(ForeignContract):
    """Any event as EventBridge hands it over."""

    id: str
    source: str
    detail_type: str = Field(alias="detail-type")
    time: str
    detail: dict[str, Any]


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


class ObjectCreatedEvent(ForeignContract):
    """S3 says that an object was created."""

    id: str
    source: Literal["aws.s3"]
    detail_type: Literal["Object Created"] = Field(alias="detail-type")
    time: str
    detail: S3EventDetail


class AnalysisRequested(Contract):
    """Somebody asks for an object of any bucket to be analyzed.

    Attributes:
        profile: Instead of the one that the key's first folder would choose.
        features: Instead of the profile's features; those of the file's kind are taken.
        targets: Instead of the profile's target languages.
        rerun: Repeat what failed or was skipped in a finished analysis, though the bytes and
            settings are equal.
        force: Pay for everything anew, though results are there.
        revision: Of the file's manifest, as the asker saw it; when the file has been taken on again
            since, the request is met. So asking twice is harmless.
    """

    version: Literal["1"] = "1"
    bucket: str = Field(min_length=1)
    key: str = Field(min_length=1)
    version_id: str | None = None
    profile: str | None = None
    features: list[ImageFeature | TextFeature | VideoFeature] | None = None
    targets: list[LanguageCode] | None = None
    rerun: bool = False
    force: bool = False
    revision: int | None = Field(default=None, ge=1)


class FileApproved(Contract):
    """Somebody wants a held file to be analyzed all the same.

    Attributes:
        revision: The one that is held, as `FileHeld` tells; another one is not approved by this.
    """

    version: Literal["1"] = "1"
    file_id: HexId
    revision: int = Field(ge=1)


class FileDeclined(Contract):
    """Somebody does not want a held file to be analyzed; `reason` is for a person."""

    version: Literal["1"] = "1"
    file_id: HexId
    revision: int = Field(ge=1)
    reason: str = Field(default="It was not approved.", min_length=1, max_length=500)
