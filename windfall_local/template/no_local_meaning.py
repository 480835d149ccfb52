"""The one reviewed list of what a template may say and this machine has no use for.

`windfall up --verbose` prints what of it stands in the template. Everything else that is not
honoured is an error. A key is a resource type, or a resource type and the path of a property.
"""

from __future__ import annotations

NO_LOCAL_MEANING: dict[str | tuple[str, str], str] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "A container starts with the first request and "
    "ends when nobody asks: there are no instances to scale.",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "There are no instances to scale.",
    "AWS::CloudWatch::Alarm": "Nobody is paged by a laptop; metrics are kept, not evaluated.",
    "AWS::CloudWatch::CompositeAlarm": "Nobody is paged by a laptop.",
    "AWS::CloudWatch::Dashboard": "It is a page of AWS's console.",
    "AWS::Logs::MetricFilter": "Metrics from logs feed alarms, and there are none here.",
    "AWS::Logs::QueryDefinition": "It is a saved query of AWS's console.",
    "AWS::Logs::ResourcePolicy": "It lets AWS's services deliver logs; here nothing needs leave.",
    ("AWS::Lambda::Function", "Architectures"): "Functions run on this machine's processor.",
    ("AWS::Lambda::Function", "EphemeralStorage"): "A function's temporary folder has no quota.",
    ("AWS::Lambda::Function", "KmsKeyArn"): "Variables are not stored encrypted here.",
    ("AWS::Lambda::Function", "Runtime"): "Functions run on the interpreter of the local cloud.",
    (
        "AWS::Lambda::LayerVersion",
        "CompatibleArchitectures",
    ): "Functions run on this machine's processor.",
    (
        "AWS::Lambda::LayerVersion",
        "CompatibleRuntimes",
    ): "Functions run on the interpreter of the local cloud.",
    (
        "AWS::S3::Bucket",
        "LifecycleConfiguration",
    ): "The rules are kept and shown, but nothing expires.",
    (
        "AWS::Logs::LogGroup",
        "RetentionInDays",
    ): "It is kept and shown; logs are dropped when the local cloud's data are.",
    (
        "AWS::DynamoDB::Table",
        "PointInTimeRecoverySpecification",
    ): "It is kept and shown; there is nothing to recover from.",
    (
        "AWS::DynamoDB::Table",
        "SSESpecification",
    ): "It is kept and shown; rows lie in memory, and on this disk.",
    ("AWS::SageMaker::EndpointConfig", "KmsKeyId"): "Models lie on this disk, as they are in S3.",
    (
        "AWS::SageMaker::Endpoint",
        "RetainAllVariantProperties",
    ): "Nothing scales, so there is nothing to retain.",
    ("AWS::SageMaker::Model", "EnableNetworkIsolation"): "A script can reach what this user can.",
    (
        "AWS::IAM::Role",
        "MaxSessionDuration",
    ): "Sessions last as long as the local cloud runs.",
}


def reason(kind: str, path: str | None = None) -> str | None:
    """Why a type, or a property or what holds it, has no local meaning; `None` when it has."""
    if path is None:
        return NO_LOCAL_MEANING.get(kind)
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        found = NO_LOCAL_MEANING.get((kind, ".".join(parts[:count])))
        if found is not None:
            return found
    return None


def list_reasons() -> list[tuple[str, str]]:
    """The whole list: `Type` or `Type Property`, and the reason."""
    return [
        (key if isinstance(key, str) else " ".join(key), why)
        for key, why in NO_LOCAL_MEANING.items()
    ]
