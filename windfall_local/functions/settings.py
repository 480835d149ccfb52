"""What a function may be set to: AWS's defaults and limits, and what is refused here by name."""

from __future__ import annotations

import re
from typing import Any

from windfall_local.api import ServiceError, UnsupportedOperationError

KEPT = frozenset(
    {
        "Runtime",
        "Role",
        "Handler",
        "Description",
        "Timeout",
        "MemorySize",
        "DeadLetterConfig",
        "Environment",
        "KMSKeyArn",
        "TracingConfig",
        "Layers",
        "Architectures",
        "EphemeralStorage",
        "LoggingConfig",
    }
)
"""Members of CreateFunction and UpdateFunctionConfiguration that are honoured, or kept and told."""
_ELSEWHERE = frozenset({"FunctionName", "Code", "Tags", "PackageType", "Publish", "RevisionId"})

_NAME = re.compile(r"[a-zA-Z0-9-_]{1,64}")
_HANDLER = re.compile(r"[^\s.][^\s]*\.[^\s.]+")
_MAX_VARIABLES_BYTES = 4096
_MAX_LAYERS = 5
_RESERVED_VARIABLES = frozenset(
    {
        "_HANDLER",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)

DEFAULTS: dict[str, Any] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "TracingConfig": {"Mode": "PassThrough"},
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "Layers": [],
}


def invalid(message: str) -> ServiceError:
    """The error for a value that Lambda does not take."""
    return ServiceError("InvalidParameterValueException", message)


def function_name(parameters: dict[str, Any]) -> str:
    """The name in CreateFunction.

    Raises:
        ServiceError: It is not a function's name.
    """
    name = str(parameters["FunctionName"])
    if not _NAME.fullmatch(name):
        raise ServiceError(
            "ValidationException",
            f"Value '{name}' at 'functionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9-_]{1,64}",
        )
    return name


def settings_from(parameters: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    """The settings after a create (base: the defaults) or an update (base: what was).

    Raises:
        UnsupportedOperationError: A member is not honoured here; its name is in the message.
        ServiceError: A value is out of AWS's limits.
    """
    for member, value in parameters.items():
        empty = value in (None, {}, [], "", False) or value == {"ApplyOn": "None"}
        if member not in KEPT | _ELSEWHERE and not empty:
            raise UnsupportedOperationError(
                f"The local lambda does not honour {member}; it works on AWS only."
            )
    if parameters.get("PackageType", "Zip") != "Zip":
        raise UnsupportedOperationError(
            "The local lambda does not honour PackageType: Image; package the function as Zip."
        )
    kept = {member: value for member, value in parameters.items() if member in KEPT}
    settings = {**base, **kept}
    _check(settings)
    return settings


def _check(settings: dict[str, Any]) -> None:
    for member in ("Runtime", "Role", "Handler"):
        if not settings.get(member):
            raise invalid(f"{member} is mandatory for functions created with a deployment package.")
    if not settings["Runtime"].startswith("python3."):
        raise UnsupportedOperationError(
            f"The local lambda runs Python only; Runtime {settings['Runtime']} works on AWS."
        )
    if not _HANDLER.fullmatch(settings["Handler"]):
        raise invalid(f"Handler {settings['Handler']!r} must be module.function.")
    _check_range("timeout", settings["Timeout"], 1, 900)
    _check_range("memorySize", settings["MemorySize"], 128, 10_240)
    _check_range("ephemeralStorage.size", settings["EphemeralStorage"]["Size"], 512, 10_240)
    if len(settings["Layers"]) > _MAX_LAYERS:
        raise invalid(f"A function takes no more than {_MAX_LAYERS} layers.")
    _check_variables(settings.get("Environment", {}).get("Variables", {}))


def _check_range(member: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ServiceError(
            "ValidationException",
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
            f"constraint: Member must have value between {least} and {most}",
        )


def _check_variables(variables: dict[str, str]) -> None:
    reserved = sorted(_RESERVED_VARIABLES & variables.keys())
    if reserved:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    size = sum(len(key.encode()) + len(value.encode()) for key, value in variables.items())
    if size > _MAX_VARIABLES_BYTES:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            f"variables you have provided exceeded the {_MAX_VARIABLES_BYTES} bytes limit."
        )
