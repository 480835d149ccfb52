"""Step Functions' events, as far as Windfall reads them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windfall.contracts.base import ForeignContract


class ExecutionStatusDetail(ForeignContract):
    """How an execution stands.

    Attributes:
        input: Its JSON, unless input and output together are too large for an event.
        error: Only where it failed with one, as `cause`.
        redrive_count: How often somebody had it go on after such an end.
    """

    execution_arn: str = Field(alias="executionArn")
    state_machine_arn: str = Field(alias="stateMachineArn")
    name: str
    status: Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]
    input: str | None = None
    error: str | None = None
    cause: str | None = None
    redrive_count: int = Field(alias="redriveCount", default=0)


class ExecutionStatusEvent(ForeignContract):
    """Step Functions says that an execution's status changed."""

    id: str
    source: Literal["aws.states"]
    detail_type: Literal["Step Functions Execution Status Change"] = Field(alias="detail-type")
    time: str
    detail: ExecutionStatusDetail
