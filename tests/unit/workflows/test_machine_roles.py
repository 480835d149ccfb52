"""What a machine's role is asked for: when the machine is made, and when it waits for others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.workflows.stage import ROLE, Stage, act, machine
from windfall_local.api import Principal, ServiceError
from windfall_local.workflows.machine_roles import Authorize

SLOW = machine({"A": {"Type": "Wait", "Seconds": 500, "End": True}})
GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:machines:*"
LOGS = {"destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": GROUP}}]}
RULE = "StepFunctionsGetEventsForSageMaker{}JobsRule"


class Permissions:
    """A role's permissions: all but some.

    Args:
        *missing: `service:Action`, or the same with the name of a rule after a space.

    Attributes:
        asked: What was asked for, in the same words.
    """

    def __init__(self, *missing: str) -> None:
        self._missing = missing
        self.asked: list[str] = []

    async def check(
        self, service: str, action: str, parameters: dict[str, Any], principal: Principal
    ) -> None:
        assert principal.role_arn == ROLE
        rule = parameters.get("Name") or parameters.get("Rule")
        asked = f"{service}:{action} {rule}" if rule else f"{service}:{action}"
        self.asked.append(asked)
        if asked in self._missing:
            raise ServiceError("AccessDeniedException", f"no {asked}")


def sync(resource: str, arguments: Any = "{% $states.input %}") -> dict[str, Any]:
    name = f"arn:aws:states:::{resource}"
    return {"Type": "Task", "Resource": name, "Arguments": arguments, "End": True}


def creating(authorize: Authorize, definition: dict[str, Any], **settings: Any) -> ServiceError:
    """Why a machine is not made."""

    async def scene() -> ServiceError:
        stage = Stage(authorize=authorize)
        with pytest.raises(ServiceError) as caught:
            await stage.create(definition, **settings)
        return caught.value

    return act(scene)


def test_every_rule_that_a_machine_needs_is_asked_for_wherever_its_task_stands() -> None:
    transform = {"StartAt": "Job", "States": {"Job": sync("sagemaker:createTransformJob.sync")}}
    train = {"StartAt": "Train", "States": {"Train": sync("sagemaker:createTrainingJob.sync")}}
    definition = machine(
        {
            "Many": {"Type": "Map", "ItemProcessor": transform, "Next": "Both"},
            "Both": {"Type": "Parallel", "Branches": [train], "End": True},
        }
    )
    training, transforming = RULE.format("Training"), RULE.format("Transform")
    permissions = Permissions(f"events:PutRule {transforming}")
    error = creating(permissions.check, definition)
    assert error.code == "AccessDeniedException"
    assert "is not authorized to create managed-rule" in error.message
    assert permissions.asked == [
        f"events:PutTargets {training}",
        f"events:PutRule {training}",
        f"events:DescribeRule {training}",
        f"events:PutTargets {transforming}",
        f"events:PutRule {transforming}",
    ]


@pytest.mark.parametrize("action", ["CreateLogDelivery", "PutResourcePolicy", "DescribeLogGroups"])
def test_a_machine_with_logs_needs_a_role_that_may_have_them_delivered(action: str) -> None:
    logging = {"level": "ERROR", **LOGS}
    error = creating(Permissions(f"logs:{action}").check, SLOW, loggingConfiguration=logging)
    assert error.code == "AccessDeniedException"
    assert error.message.startswith(
        "The state machine IAM Role is not authorized to access the Log Destination"
    )
    assert f"logs:{action}" in error.message


def test_a_machine_without_logs_does_not() -> None:
    permissions = Permissions()

    async def scene() -> None:
        stage = Stage(authorize=permissions.check)
        await stage.create(SLOW, loggingConfiguration={"level": "OFF", **LOGS})

    act(scene)
    assert permissions.asked == []


def test_logs_that_are_turned_on_later_need_the_permission_then() -> None:
    async def scene() -> ServiceError:
        stage = Stage(authorize=Permissions("logs:CreateLogDelivery").check)
        arn = await stage.create(SLOW)
        with pytest.raises(ServiceError) as caught:
            await stage.call(
                "UpdateStateMachine",
                stateMachineArn=arn,
                loggingConfiguration={"level": "ALL", **LOGS},
            )
        return caught.value

    assert act(scene).code == "AccessDeniedException"


async def nested(stage: Stage, child: dict[str, Any]) -> tuple[str, str]:
    """An execution that waits for another one; their ARNs."""
    child_arn = await stage.create(child, "child")
    waits = sync("states:startExecution.sync:2", {"StateMachineArn": child_arn})
    parent = await stage.begin(await stage.create(machine({"T": waits}), "parent"))
    await stage.until_kind(parent, "TaskSubmitted")
    (found,) = (await stage.call("ListExecutions", stateMachineArn=child_arn))["executions"]
    return parent, found["executionArn"]


def test_a_role_that_may_not_ask_after_a_child_does_not_hear_how_it_ended() -> None:
    async def scene() -> dict[str, Any]:
        stage = Stage(authorize=Permissions("stepfunctions:DescribeExecution").check)
        parent, _ = await nested(stage, SLOW)
        return await stage.end(parent)

    ended = act(scene)
    assert (ended["status"], ended["error"]) == ("FAILED", "StepFunctions.AccessDeniedException")
    assert "no stepfunctions:DescribeExecution" in ended["cause"]


@pytest.mark.parametrize(
    ("missing", "status"), [("nothing", "ABORTED"), ("stepfunctions:StopExecution", "SUCCEEDED")]
)
def test_a_child_that_the_role_may_not_stop_goes_on_without_its_parent(
    missing: str, status: str
) -> None:
    async def scene() -> str:
        stage = Stage(authorize=Permissions(missing).check)
        parent, child = await nested(stage, SLOW)
        await stage.call("StopExecution", executionArn=parent)
        return str((await stage.end(child))["status"])

    assert act(scene) == status
