"""Hands a model over: its version to the registry, its contract and a profile to whoever scores."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from publish_model.models import PublishedModel
from publish_model.requests import package_request
from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, utc_now
from windfall.contracts.table import ScoringMode, TableProfile
from windfall.errors import InvalidInputError, UnsupportedError
from windfall.features import Finding, settle
from windfall.reasons import reason_of
from windfall.training.files import METRICS, TrainingFiles
from windfall.training.names import VARIANT, TrainingNames

if TYPE_CHECKING:
    from publish_model.models import PublishModelTask
    from windfall.contracts.base import S3Pointer
    from windfall.contracts.training import Algorithm, TrainingSpec
    from windfall.ports.collaborators import ProfileWriter
    from windfall.ports.storage import ObjectStore
    from windfall.ports.training import Hosting, Models

_MODES = {
    "async": ScoringMode.ASYNC,
    "serverless": ScoringMode.SERVERLESS,
    "real_time": ScoringMode.REAL_TIME,
    "none": ScoringMode.BATCH_TRANSFORM,
}


@dataclass(frozen=True, slots=True)
class ModelPublisher:
    """Publishes models.

    Attributes:
        bucket: Where contracts lie, beyond the life of an analysis.
        prefix: What this stack's names at SageMaker begin with.
        images: The container of each algorithm.
    """

    store: ObjectStore
    models: Models
    hosting: Hosting
    profiles: ProfileWriter
    bucket: str
    prefix: str
    images: dict[Algorithm, str]
    clock: Clock = utc_now

    def publish(self, task: PublishModelTask) -> PublishedModel:
        """Register the model and save the profile that scores with it.

        Raises:
            TransientError: Try again.
        """
        output = task.analysis.output
        spec = TrainingFiles(self.store, output).spec()
        names = TrainingNames.of(self.prefix, spec.name, task.analysis)
        registration = settle(
            "registration",
            Checkpoints(self.store, output, "registration"),
            self.clock,
            lambda: self._registered(task, spec, names),
        )
        deployment = settle(
            "deployment",
            Checkpoints(self.store, output, "deployment"),
            self.clock,
            lambda: self._deployed(task, spec, names),
        )
        return PublishedModel(outcomes=[registration, deployment])

    def _registered(
        self, task: PublishModelTask, spec: TrainingSpec, names: TrainingNames
    ) -> Finding:
        """The version in the registry, and the profile by which the next file is scored."""
        files = TrainingFiles(self.store, task.analysis.output)
        contract = files.contract().model_copy(update={"model": names.version})
        key = f"{names.folder}contract.json"
        body = contract.model_dump_json(indent=2).encode()
        pointer = self.store.write(self.bucket, key, body, "application/json")
        trained = Checkpoints(self.store, task.analysis.output, "training").finished()
        if trained is None or trained.result is None:
            raise InvalidInputError("The model's training left no model.")
        request = package_request(
            spec,
            names,
            self.images,
            data=_uri(trained.result),
            metrics=files.uri(METRICS),
            contract=_uri(pointer),
        )
        version = self.models.register(
            names.endpoint, f"Versions of {spec.name} that Windfall trained.", request
        )
        scoring = None if task.deploying else self._scoring(spec, names, _uri(pointer))
        summary: dict[str, Any] = {"model": names.version, "version": version}
        if scoring is not None:
            ours = f"s3://{self.bucket}/models/{spec.name}/"
            self.profiles.save(spec.name, scoring, owned_by=ours)
            summary |= {"profile": spec.name, "next": f"windfall drop FILE --profile {spec.name}"}
        return Finding(pointer, summary)

    def _scoring(self, spec: TrainingSpec, names: TrainingNames, contract: str) -> str:
        """The profile that scores with this model."""
        mode = _MODES[spec.profile.deploy.mode]
        is_batch = mode is ScoringMode.BATCH_TRANSFORM
        table = TableProfile(
            endpoint=None if is_batch else names.endpoint,
            model=names.version if is_batch else None,
            mode=mode,
            contract=contract,
        )
        document = {"version": 1, "table": table.model_dump(mode="json", exclude_defaults=True)}
        return json.dumps(document, indent=2)

    def _deployed(
        self, task: PublishModelTask, spec: TrainingSpec, names: TrainingNames
    ) -> Finding:
        deploy = spec.profile.deploy
        if deploy.mode == "none":
            raise UnsupportedError(
                "The profile deploys no endpoint (table.train.deploy.mode is none); the model"
                " scores by batch transform."
            )
        if task.deploying is not None:
            raise InvalidInputError(
                f"The endpoint {names.endpoint} does not serve the model:"
                f" {reason_of(task.deploying.error, task.deploying.cause)}"
            )
        if deploy.mode == "async":
            self.hosting.scale_to_zero(names.endpoint, VARIANT, deploy.most_instances)
        return Finding(None, {"endpoint": names.endpoint, "mode": deploy.mode})


def _uri(pointer: S3Pointer) -> str:
    return f"s3://{pointer.bucket}/{pointer.key}"
