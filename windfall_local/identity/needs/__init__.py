"""Which permissions a call needs: actions, the resources they are on, and condition keys.

Written from AWS's Service Authorization Reference, one module for each group of services. An
operation that is not here is refused for roles, by name: it is better to miss an operation than
to let one through unchecked.
"""

from __future__ import annotations

from typing import Any

from windfall_local.identity.needs import (
    ai,
    compute,
    dynamodb,
    management,
    messaging,
    s3,
    sagemaker,
    scaling,
    security,
)
from windfall_local.identity.needs.need import Need, Scene, Writer

_WRITERS: dict[str, Writer] = {
    "s3": s3.needs,
    "dynamodb": dynamodb.needs,
    "sqs": messaging.sqs_needs,
    "sns": messaging.sns_needs,
    "events": messaging.events_needs,
    "stepfunctions": compute.states_needs,
    "lambda": compute.lambda_needs,
    "ssm": management.ssm_needs,
    "logs": management.logs_needs,
    "cloudwatch": management.cloudwatch_needs,
    "xray": management.xray_needs,
    "service-quotas": management.quotas_needs,
    "application-autoscaling": scaling.scaling_needs,
    "kms": security.kms_needs,
    "iam": security.iam_needs,
    "rekognition": ai.rekognition_needs,
    "comprehend": ai.comprehend_needs,
    "translate": ai.translate_needs,
    "polly": ai.polly_needs,
    "transcribe": ai.transcribe_needs,
    "sagemaker": sagemaker.sagemaker_needs,
    "sagemaker-runtime": sagemaker.runtime_needs,
    "ecr": sagemaker.registry_needs,
}

__all__ = ["Need", "Scene", "needs_of"]


def needs_of(
    service: str, operation: str, parameters: dict[str, Any], scene: Scene
) -> list[Need] | None:
    """The permissions of a call; None when the call is not known here."""
    writer = _WRITERS.get(service)
    return writer(operation, parameters, scene) if writer is not None else None
