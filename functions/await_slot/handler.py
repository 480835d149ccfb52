"""Step Functions task with a token: wait until the service has a slot for a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from await_slot.logic import SlotAwaiter
from await_slot.models import AwaitSlotTask, Settings
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.governor import Governor
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
governor = Governor(DynamoLeaseTable(settings.insights_table), StepFunctionsTokens())
awaiter = SlotAwaiter(governor)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Stand in the queue; the task goes on waiting until its token is told that it has a slot."""
    task = AwaitSlotTask.model_validate(event)
    awaiter.begin(task)
    logger.info("Slot awaited", service=task.service, job=task.job)
