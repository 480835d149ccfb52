"""Every resource type that the local cloud makes."""

from __future__ import annotations

from windfall_local.template.resources import (
    dynamodb,
    events,
    functions,
    iam,
    s3,
    sagemaker,
    sqs,
    stores,
    workflows,
)
from windfall_local.template.resources.kinds import Kind

_ALL: tuple[Kind, ...] = (
    *s3.KINDS,
    *sqs.KINDS,
    *dynamodb.KINDS,
    *events.KINDS,
    *iam.KINDS,
    *functions.KINDS,
    *workflows.KINDS,
    *stores.KINDS,
    *sagemaker.KINDS,
)

KINDS: dict[str, Kind] = {kind.type: kind for kind in _ALL}
