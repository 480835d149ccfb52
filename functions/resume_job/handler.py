"""Lambda on the completion events of long jobs: the tasks that wait for them go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resume_job.logic import JobResumer
from resume_job.models import Settings
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall.adapters.job_services import job_services
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.governor import Governor
from windfall.observability import logger, tracer
from windfall.rendezvous import Rendezvous

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
table = DynamoJobTable(settings.insights_table)
tokens = StepFunctionsTokens()
governor = Governor(DynamoLeaseTable(settings.insights_table), tokens)
rendezvous = Rendezvous(table, tokens, governor=governor)
resumer = JobResumer(
    rendezvous,
    job_services(table, settings.results_bucket),
    settings.results_bucket,
    settings.name_prefix,
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Tell the tasks that wait for the jobs of the event."""
    done = resumer.resume(event)
    logger.info("Jobs ended", jobs=done)
    return done
