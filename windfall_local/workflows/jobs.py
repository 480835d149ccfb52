"""Jobs of SageMaker that a Task waits for, by `.sync`.

AWS hears of a job's end by an EventBridge rule of its own and asks for the job now and then; here
it is asked for, in growing intervals. Both take the permissions of the machine's role: to make the
rule, which is checked with the machine (`machine_roles`), and to describe the job.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.workflows.resources import Resource, service_model
from windfall_local.workflows.shapes import from_response

_ENDED = ("Completed", "Failed", "Stopped")
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.1, 2.0, 1.5
"""Seconds between two looks at a job, from the first to the longest."""

_stopping: set[asyncio.Task[None]] = set()


@dataclass(frozen=True, slots=True)
class AwaitedJob:
    """A job that was started.

    Args:
        kind: `TrainingJob`, `TransformJob` or `ProcessingJob`.
        name: Its name.
    """

    kind: str
    name: str

    @classmethod
    def of(cls, resource: Resource, parameters: dict[str, Any]) -> AwaitedJob:
        """The job that a call has started."""
        kind = resource.operation.removeprefix("Create")
        return cls(kind, str(parameters[f"{kind}Name"]))

    async def wait(self, cloud: Cloud, principal: Principal) -> tuple[bool, dict[str, Any]]:
        """Whether it came to a good end, and its description, as soon as it has ended.

        Raises:
            ServiceError: It can't be described.
        """
        pause = _FIRST_PAUSE
        while True:
            found = await cloud.call("sagemaker", f"Describe{self.kind}", self._named, principal)
            status = found[f"{self.kind}Status"]
            if status in _ENDED:
                return status == "Completed", self._shown(found)
            await asyncio.sleep(pause)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def stop(self, cloud: Cloud, principal: Principal) -> None:
        """Have it stop, if it still runs: nobody waits for it any more."""
        task = asyncio.create_task(self._stop(cloud, principal))
        _stopping.add(task)
        task.add_done_callback(_stopping.discard)

    @property
    def _named(self) -> dict[str, str]:
        return {f"{self.kind}Name": self.name}

    async def _stop(self, cloud: Cloud, principal: Principal) -> None:
        try:
            await cloud.call("sagemaker", f"Stop{self.kind}", self._named, principal)
        except ServiceError:
            # It has ended, or the role may not stop it: then it goes on, as on AWS.
            return

    def _shown(self, description: dict[str, Any]) -> dict[str, Any]:
        shape = service_model("sagemaker").operation_model(f"Describe{self.kind}").output_shape
        shown: dict[str, Any] = from_response(shape, _in_milliseconds(description))
        return shown


def own_tags(execution_arn: str) -> list[dict[str, str]]:
    """What Step Functions adds to the tags of a job that it waits for."""
    return [
        {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"},
        {"Key": "AWS_STEP_FUNCTIONS_EXECUTION_ARN", "Value": execution_arn},
    ]


def _in_milliseconds(value: Any) -> Any:
    """Times as the optimized integrations give them: milliseconds of the epoch."""
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {key: _in_milliseconds(item) for key, item in value.items()}
    return [_in_milliseconds(item) for item in value] if isinstance(value, list) else value
