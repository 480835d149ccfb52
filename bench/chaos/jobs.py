"""SageMaker's jobs and endpoints and Translate's jobs, as they are listed when all is quiet."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from windfall.contracts.manifest import Manifest
from windfall_cli.stack import Stack

_ATTEMPT = re.compile(r"-(\d+)$")
_KINDS = ("TrainingJob", "TransformJob", "ProcessingJob")


class Job(NamedTuple):
    """A job.

    Attributes:
        kind: Such as `TrainingJob`.
        work: Its name without the attempt at its end: what it is for.
    """

    kind: str
    name: str
    work: str
    status: str


def jobs(stack: Stack) -> list[Job]:
    """Every job with a name of SageMaker's and of Translate's."""
    sagemaker, translate = stack.client("sagemaker"), stack.client("translate")
    found = [
        _job(kind, one[f"{kind}Name"], one[f"{kind}Status"])
        for kind in _KINDS
        for one in _all(sagemaker, kind)
    ]
    for one in translate.list_text_translation_jobs()["TextTranslationJobPropertiesList"]:
        # The same name and a further job: only after the one before has failed.
        found.append(Job("TextTranslationJob", one["JobName"], one["JobName"], one["JobStatus"]))
    sagemaker.close()
    translate.close()
    return found


def _all(sagemaker: Any, kind: str) -> Iterator[dict[str, Any]]:
    operation = "list_" + re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower() + "s"
    for page in sagemaker.get_paginator(operation).paginate():
        yield from page[f"{kind}Summaries"]


def _job(kind: str, name: str, status: str) -> Job:
    return Job(kind, name, _ATTEMPT.sub("", name), status)


def bought_twice(found: Iterable[Job]) -> list[str]:
    """Work for which several jobs came to a good end."""
    done: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for job in found:
        if job.status in ("Completed", "COMPLETED"):
            done[job.kind, job.work].append(job.name)
    return [f"{kind}: {sorted(names)}" for (kind, _), names in done.items() if len(names) > 1]


def still_running(found: Iterable[Job]) -> list[str]:
    """Jobs that nobody waits for when all is quiet."""
    return [
        f"{job.kind} {job.name}: {job.status}"
        for job in found
        if job.status in ("InProgress", "Stopping", "IN_PROGRESS", "SUBMITTED", "STOP_REQUESTED")
    ]


def endpoints_untold(stack: Stack, manifests: Iterable[Manifest]) -> list[str]:
    """Endpoints that cost and that no manifest names; those that the trial made aside."""
    told = {str(one.summary.get("endpoint")) for manifest in manifests for one in manifest.outcomes}
    sagemaker = stack.client("sagemaker")
    pages = sagemaker.get_paginator("list_endpoints").paginate()
    names = [one["EndpointName"] for page in pages for one in page["Endpoints"]]
    sagemaker.close()
    return sorted(name for name in names if "-e2e-" not in name and name not in told)
