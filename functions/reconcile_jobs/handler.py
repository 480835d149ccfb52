"""Lambda on a schedule: look after jobs and executions of which nothing may have been heard."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from reconcile_jobs.executions import ExecutionReconciler
from reconcile_jobs.logic import JobReconciler
from reconcile_jobs.models import ReconcileTask, Settings
from reconcile_jobs.slots import SlotReconciler
from windfall.adapters.broken_executions import (
    LambdaFailureTold,
    StepFunctionsBrokenExecutions,
)
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall.adapters.job_services import job_census, job_services
from windfall.adapters.service_quotas import ServiceQuotas
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.governor import Governor
from windfall.observability import CloudWatchMeasurements, logger, tracer
from windfall.rendezvous import Rendezvous

if TYPE_CHECKING:
    from collections.abc import Collection

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from windfall.contracts.jobs import JobId


_MOST_LOGGED = 100
"""Names of jobs in a line of the log."""


def tell_broken(job: JobId, error: Exception) -> None:
    """Log a job that could not be looked after."""
    logger.warning("Job not reconciled", job=job.name, error=str(error))


def tell_unanswered(service: str, error: Exception) -> None:
    """Log a service whose slots could not be looked after."""
    logger.warning("Slots not reconciled", quota=service, error=str(error))


def tell_unlisted(machine: str, error: Exception) -> None:
    """Log a machine whose executions could not be looked after."""
    logger.warning("Executions not reconciled", machine=machine, error=str(error))


def tell_strange(service: str, jobs: Collection[str]) -> None:
    """Log what SlotDrift counts."""
    logger.warning("Slots do not match the jobs", quota=service, jobs=sorted(jobs)[:_MOST_LOGGED])


settings = Settings.from_environment()
table, leases = DynamoJobTable(settings.insights_table), DynamoLeaseTable(settings.insights_table)
tokens, services = StepFunctionsTokens(), job_services(table, settings.results_bucket)
governor = Governor(leases, tokens)
rendezvous = Rendezvous(table, tokens, governor=governor)
reconciler = JobReconciler(table, rendezvous, services, tell_broken)
slots = SlotReconciler(
    leases=leases,
    governor=governor,
    quotas=ServiceQuotas(settings.limits_path),
    table=table,
    services=services,
    census=job_census(),
    measurements=CloudWatchMeasurements(),
    prefix=f"{settings.results_bucket}-",
    broken=tell_unanswered,
    strange=tell_strange,
)
executions = ExecutionReconciler(
    StepFunctionsBrokenExecutions(),
    LambdaFailureTold(settings.record_failure_function),
    settings.machine_arns.split(","),
    tell_unlisted,
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Ask after every overdue job, and look after the slots and what broke off."""
    reconciled = reconciler.reconcile()
    slots.reconcile()
    task = ReconcileTask.model_validate(event)
    broken_off = executions.reconcile(timedelta(minutes=task.look_back_minutes))
    logger.info("Jobs reconciled", jobs=reconciled.jobs, broken_off=broken_off)
    return reconciled.model_dump()
