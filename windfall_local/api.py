"""What every part of the local cloud shares: principals, calls, services and their errors.

A service answers one AWS API. It is found by botocore's service name, receives the parameters as
boto3 takes them and returns what boto3 returns (without `ResponseMetadata`), so the same service
answers a request from the wire (the gateway parses and serialises it by botocore's model) and a
call from inside (Step Functions, EventBridge and the provisioner use `Cloud.call`).

    ServiceError                    an error of the service's own model, or a common AWS one
    └── UnsupportedOperationError   the local cloud, or its engine, does not do this (HTTP 501)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from botocore import xform_name

ACCOUNT = "000000000000"
"""The account number of everything local."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a call.

    Attributes:
        kind: `root` may do everything (the user at the machine); a `role` may do what its
            policies allow; a `service` (EventBridge, S3, SNS) what resource policies allow it.
        arn: As IAM shows it: `arn:aws:iam::000000000000:root`,
            `arn:aws:sts::000000000000:assumed-role/<name>/<session>`, or `events.amazonaws.com`.
        role_arn: The role's own ARN, for a role.
        source_arn: What the service acts for (`aws:SourceArn` in conditions), for a service.
    """

    kind: Literal["root", "role", "service"]
    arn: str
    role_arn: str | None = None
    source_arn: str | None = None

    @classmethod
    def root(cls) -> Principal:
        """The user at the machine, who may do everything."""
        return cls("root", f"arn:aws:iam::{ACCOUNT}:root")

    @classmethod
    def role(cls, role_arn: str, session: str) -> Principal:
        """A session of a role: what a function, a machine or a rule acts as."""
        name = role_arn.rsplit("/", 1)[-1]
        return cls("role", f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}", role_arn)

    @classmethod
    def service(cls, host: str, source_arn: str | None = None) -> Principal:
        """An AWS service acting for a resource, such as a rule of EventBridge."""
        return cls("service", host, source_arn=source_arn)


class ServiceError(Exception):
    """An error answer of a service, with AWS's own code.

    Args:
        code: The error's code on the wire, as botocore's model names it (`ThrottlingException`).
        message: What a person reads.
        status: The HTTP status; the model's own, where it has one, goes first.
        fields: Further members of the error's shape.
    """

    def __init__(
        self, code: str, message: str, *, status: int = 400, fields: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = dict(fields or {})

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross a process boundary whole."""
        return _rebuild_error, (type(self), self.code, self.message, self.status, self.fields)


def _rebuild_error(
    kind: type[ServiceError], code: str, message: str, status: int, fields: dict[str, Any]
) -> ServiceError:
    error = kind.__new__(kind)
    ServiceError.__init__(error, code, message, status=status, fields=fields)
    return error


class UnsupportedOperationError(ServiceError):
    """The local cloud, or the engine behind it, does not do this; the message names the remedy."""

    def __init__(self, message: str) -> None:
        super().__init__("NotImplementedException", message, status=501)


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a service may know of a call beyond its parameters.

    Attributes:
        cloud: The cloud, for calls to its neighbours.
        principal: The caller, already authorized for the operation itself.
        request_id: Unique per call; it is in the answer's headers.
    """

    cloud: Cloud
    principal: Principal
    request_id: str


class Service(Protocol):
    """One AWS API."""

    name: str
    """botocore's service name: `rekognition`, `stepfunctions`, `events`, `lambda`, …"""

    async def call(self, operation: str, parameters: dict[str, Any], context: CallContext) -> Any:
        """Answer one operation (`DetectLabels`) with what boto3 would return.

        Raises:
            ServiceError: The answer is an error.
        """
        ...


class OperationService:
    """A service whose operations are its methods: `DetectLabels` is `detect_labels`."""

    name: str

    async def call(self, operation: str, parameters: dict[str, Any], context: CallContext) -> Any:
        """Answer one operation by the method of its name; refuse what has none, by name."""
        method = getattr(self, xform_name(operation), None)
        if method is None or operation.startswith("_"):
            raise UnsupportedOperationError(
                f"The local {self.name} does not answer {operation}; it works on AWS only."
            )
        return await method(parameters, context)


@dataclass(frozen=True, slots=True)
class CompletedCall:
    """A call that succeeded, as observers see it (S3's notifications are one)."""

    service: str
    operation: str
    parameters: dict[str, Any]
    response: dict[str, Any]
    principal: Principal


class Observer(Protocol):
    """Told of every successful call to a store, after it took effect and before it is answered."""

    async def __call__(self, call: CompletedCall) -> None:
        """Take notice; never raise, and hand long work to a task of your own."""
        ...


class Cloud(Protocol):
    """The local cloud, as its parts see it."""

    region: str
    endpoint: str
    """`http://127.0.0.1:<port>`: what `AWS_ENDPOINT_URL` is in every function."""
    data_dir: Path
    """Where this cloud keeps files of its own."""

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        """Authorize and run a call, without the wire: boto3's parameters in, its response out.

        Blobs are `bytes`, and a streaming body is `bytes` too.

        Raises:
            ServiceError: As boto3 would raise `ClientError`; `AccessDenied…` when not allowed.
        """
        ...

    async def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Put an event of an AWS service (`aws.s3`, `aws.states`) on the default bus."""
        ...

    def credentials(self, principal: Principal) -> Credentials:
        """Keys that sign as a role's session, for a function's environment."""
        ...


class AuthorizingCloud(Cloud, Protocol):
    """A cloud that can be asked whether a call would be allowed."""

    async def authorize(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> None:
        """Check a permission without using it.

        Raises:
            ServiceError: `AccessDenied…`, as the call itself would.
        """
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key and its secret; `token` is empty for the root user."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False, default="")
