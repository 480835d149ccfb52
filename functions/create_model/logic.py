"""Makes a model of what a training left, and says what it is to be asked."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from create_model.clarify import CONFIG, analysis_config, processing_request
from create_model.models import CreatedModel
from create_model.requests import container_of, model_request, transform_request
from windfall.addresses import object_at
from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, utc_now
from windfall.contracts.training import Algorithm
from windfall.errors import NotFoundError
from windfall.features import Finding, settle
from windfall.ports.training import JobKind
from windfall.training.files import ANSWERS, DATA, EXPLAINED, TrainingFiles
from windfall.training.jobs import billed, earlier_job, finished_job, job_that_counts
from windfall.training.names import TrainingNames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from create_model.models import CreateModelTask
    from windfall.contracts.training import TrainingSpec
    from windfall.ports.storage import ObjectStore
    from windfall.ports.training import Models, TrainingJobs


@dataclass(frozen=True, slots=True)
class ModelCreator:
    """Creates models.

    Attributes:
        prefix: What this stack's names at SageMaker begin with.
        role_arn: Whom SageMaker's containers act as.
        images: The container of each algorithm.
        clarify: Clarify's container; empty where the account has none.
    """

    store: ObjectStore
    jobs: TrainingJobs
    models: Models
    prefix: str
    role_arn: str
    images: dict[Algorithm, str]
    clarify: str = ""
    clock: Clock = utc_now

    def create(self, task: CreateModelTask) -> CreatedModel:
        """Create the model, if its training came to a good end.

        Raises:
            TransientError: The training goes on still, or SageMaker can not answer now.
            QuotaExceededError: The account has too many models.
        """
        output = task.analysis.output
        files = TrainingFiles(self.store, output)
        spec = files.spec()
        names = TrainingNames.of(self.prefix, spec.name, task.analysis)
        checkpoints = Checkpoints(self.store, output, "training")
        outcome = settle(
            "training", checkpoints, self.clock, lambda: self._trained(task, spec, names)
        )
        if outcome.result is None:
            return CreatedModel(outcomes=[outcome])
        data = f"s3://{outcome.result.bucket}/{outcome.result.key}"
        container = container_of(spec.profile, self.images, data)
        isolated = spec.profile.algorithm is not Algorithm.SCRIPT
        self.models.create(model_request(names, container, self.role_arn, isolated=isolated))
        is_predicted = self._is_paid(JobKind.TRANSFORM, names, files, ANSWERS)
        return CreatedModel(
            outcomes=[outcome],
            created=True,
            transform=None if is_predicted else transform_request(names, spec.profile, files),
            processing=self._explaining(spec, names, files),
        )

    def _is_paid(
        self, kind: JobKind, names: TrainingNames, files: TrainingFiles, left: Sequence[str]
    ) -> bool:
        """Whether an earlier attempt had a job do this, and what it left is there still."""
        if not names.earlier_jobs or not all(self._is_there(files, name) for name in left):
            return False
        return earlier_job(self.jobs, kind, names) is not None

    def _is_there(self, files: TrainingFiles, name: str) -> bool:
        try:
            self.store.open(files.pointer(name)).close()
        except NotFoundError:
            return False
        return True

    def _trained(self, task: CreateModelTask, spec: TrainingSpec, names: TrainingNames) -> Finding:
        """What the training left, or the finished model that was brought."""
        if spec.profile.algorithm is Algorithm.NONE:
            given = spec.profile.model_data or ""
            return Finding(object_at(given), {"model_data": given})
        job = job_that_counts(self.jobs, JobKind.TRAINING, names)
        state = finished_job(self.jobs, JobKind.TRAINING, job, task.trained)
        summary = {
            "algorithm": spec.profile.algorithm.value,
            "seconds": state.seconds,
            "instance_type": state.instance_type,
            "model": spec.name,
        }
        call = billed(JobKind.TRAINING, state)
        return Finding(object_at(state.model or ""), summary, [call])

    def _explaining(
        self, spec: TrainingSpec, names: TrainingNames, files: TrainingFiles
    ) -> dict[str, Any] | None:
        """What Clarify is asked, where the account has it, columns are named, and it was not."""
        if (
            not self.clarify
            or not spec.profile.explain
            or spec.profile.algorithm is Algorithm.SCRIPT
            or self._is_paid(JobKind.PROCESSING, names, files, [EXPLAINED])
        ):
            return None
        body = self.store.read(files.pointer(f"{DATA}explained/explained.csv")).decode()
        rows = [[float(cell) for cell in row] for row in csv.reader(io.StringIO(body))]
        config = analysis_config(spec, files.contract(), names, rows)
        files.write(CONFIG, json.dumps(config, indent=2).encode(), "application/json")
        return processing_request(spec, names, files, self.clarify, self.role_arn)
