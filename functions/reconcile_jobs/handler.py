"""Lambda on a schedule: look after the jobs of which nothing was heard for too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconcile_jobs.logic import JobReconciler
from reconcile_jobs.models import Settings
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.job_services import job_services
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.observability import logger, tracer
from windfall.rendezvous import Rendezvous

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from windfall.contracts.jobs import JobId


def tell_broken(job: JobId, error: Exception) -> None:
    """Log a job that could not be looked after."""
    logger.warning("Job not reconciled", job=job.name, error=str(error))


settings = Settings.from_environment()
table = DynamoJobTable(settings.insights_table)
rendezvous = Rendezvous(table, StepFunctionsTokens())
reconciler = JobReconciler(table, rendezvous, job_services(table), tell_broken)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Ask after every overdue job."""
    reconciled = reconciler.reconcile()
    logger.info("Jobs reconciled", jobs=reconciled.jobs)
    return reconciled.model_dump()
