"""What a Task's `Resource` names: which service, which operation, and how its end is awaited."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel, ServiceModel
from botocore.session import Session

Pattern = Literal["", "sync", "sync:2", "waitForTaskToken"]

_FUNCTION = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(?::[A-Za-z0-9_$-]+)?"
)
_INTEGRATION = re.compile(
    r"arn:aws[a-z-]*:states:[a-z0-9-]*:(?:\d{12})?:"
    r"(?P<sdk>aws-sdk:)?(?P<service>[a-z0-9]+):(?P<action>[A-Za-z0-9]+)"
    r"(?:\.(?P<pattern>sync:2|sync|waitForTaskToken))?"
)

# The SDK for Java names some services otherwise than botocore.
_SDK_SERVICES = {
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "sfn": "stepfunctions",
    "transcribestreaming": "transcribe-streaming",
    "sagemakerruntime": "sagemaker-runtime",
}

# Prefixes of error names: the SDK for Java's spelling for `aws-sdk`, and the older one's for the
# optimized integrations.
_SDK_PREFIXES = {
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
    "secretsmanager": "SecretsManager",  # pragma: allowlist secret
    "sagemaker": "SageMaker",
    "sagemakerruntime": "SageMakerRuntime",
}
_OPTIMIZED_PREFIXES = {
    "lambda": "Lambda",
    "dynamodb": "DynamoDB",
    "sqs": "SQS",
    "sns": "SNS",
    "events": "EventBridge",
    "states": "StepFunctions",
    "sagemaker": "SageMaker",
}

_DYNAMODB_ACTIONS = ("getItem", "putItem", "deleteItem", "updateItem")

# action → the patterns that it can be used with, as AWS documents the optimized integrations.
_OPTIMIZED: dict[str, dict[str, tuple[Pattern, ...]]] = {
    "lambda": {"invoke": ("", "waitForTaskToken")},
    "states": {"startExecution": ("", "sync", "sync:2", "waitForTaskToken")},
    "events": {"putEvents": ("", "waitForTaskToken")},
    "sqs": {"sendMessage": ("", "waitForTaskToken")},
    "sns": {"publish": ("", "waitForTaskToken")},
    "dynamodb": dict.fromkeys(_DYNAMODB_ACTIONS, ("",)),
    "sagemaker": {
        "createTrainingJob": ("", "sync"),
        "createTransformJob": ("", "sync"),
        "createProcessingJob": ("", "sync"),
        "createModel": ("",),
        "createEndpointConfig": ("",),
        "createEndpoint": ("",),
        "updateEndpoint": ("",),
    },
}


class UnknownResourceError(Exception):
    """The `Resource` is nothing that a Task can call here."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A Task's resource, understood.

    Attributes:
        arn: As the definition has it.
        kind: `function` is a Lambda function's own ARN.
        service: botocore's service name.
        operation: The API operation, `StartExecution`.
        pattern: How its end is awaited; empty for its answer.
        resource_type: As the history shows it, `lambda` or `aws-sdk:s3`.
        action: As the history shows it, `invoke.waitForTaskToken`.
        error_prefix: What its errors' names begin with.
    """

    arn: str
    kind: Literal["function", "optimized", "sdk"]
    service: str
    operation: str
    pattern: Pattern
    resource_type: str
    action: str
    error_prefix: str

    @property
    def model(self) -> OperationModel:
        """The operation's model in botocore."""
        return service_model(self.service).operation_model(self.operation)


@lru_cache(maxsize=64)
def service_model(service: str) -> ServiceModel:
    """A service's model.

    Raises:
        UnknownServiceError: botocore has none of this name.
    """
    return _session().get_service_model(service)


@lru_cache(maxsize=1)
def _session() -> Session:
    return Session()


@lru_cache(maxsize=1024)
def parse_resource(arn: str) -> Resource:
    """Understand a Task's `Resource`.

    Raises:
        UnknownResourceError: With what is wrong, and what would work.
    """
    if _FUNCTION.fullmatch(arn):
        return Resource(arn, "function", "lambda", "Invoke", "", "lambda", "invoke", "Lambda")
    if ":activity:" in arn:
        raise UnknownResourceError("Activities work on AWS only; use .waitForTaskToken.")
    match = _INTEGRATION.fullmatch(arn)
    if match is None:
        raise UnknownResourceError(f"The resource '{arn}' is not a service integration's ARN.")
    pattern: Pattern = match["pattern"] or ""  # type: ignore[assignment]  # the expression's own choices
    if match["sdk"]:
        return _sdk(arn, match["service"], match["action"], pattern)
    return _optimized(arn, match["service"], match["action"], pattern)


def _operation(service: str, action: str) -> str:
    wanted = xform_name(action)
    for name in service_model(service).operation_names:
        if xform_name(name) == wanted or name.lower() == action.lower():
            return str(name)
    raise UnknownResourceError(f"The service '{service}' has no action '{action}'.")


def _sdk(arn: str, name: str, action: str, pattern: Pattern) -> Resource:
    if pattern in ("sync", "sync:2"):
        raise UnknownResourceError("AWS SDK integrations do not support '.sync'.")
    if not action[0].islower():
        raise UnknownResourceError(f"The action '{action}' must begin with a lower-case letter.")
    service = _SDK_SERVICES.get(name, name)
    try:
        operation = _operation(service, action)
    except UnknownServiceError as error:
        raise UnknownResourceError(f"There is no service '{name}'.") from error
    prefix = _SDK_PREFIXES.get(name, name[0].upper() + name[1:])
    shown = f"{action}.{pattern}" if pattern else action
    return Resource(arn, "sdk", service, operation, pattern, f"aws-sdk:{name}", shown, prefix)


def _optimized(arn: str, name: str, action: str, pattern: Pattern) -> Resource:
    actions = _OPTIMIZED.get(name)
    if actions is None:
        raise UnknownResourceError(
            f"The optimized integration '{name}' works on AWS only; here are "
            f"{', '.join(_OPTIMIZED)} and the AWS SDK integrations (aws-sdk:…)."
        )
    if action not in actions:
        raise UnknownResourceError(f"The integration '{name}' has no action '{action}' here.")
    if pattern not in actions[action]:
        raise UnknownResourceError(f"'{name}:{action}' does not support '.{pattern}'.")
    service = "stepfunctions" if name == "states" else name
    shown = f"{action}.{pattern}" if pattern else action
    prefix = _OPTIMIZED_PREFIXES[name]
    return Resource(
        arn, "optimized", service, _operation(service, action), pattern, name, shown, prefix
    )
