"""Has an endpoint serve a model and leaves; that it serves is told by resume_job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, timestamp, utc_now
from windfall.contracts.jobs import JobId
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.training.files import TrainingFiles
from windfall.training.names import VARIANT, TrainingNames

if TYPE_CHECKING:
    from deploy_model.models import DeployModelTask
    from windfall.contracts.training import DeployProfile
    from windfall.ports.storage import ObjectStore
    from windfall.ports.training import Hosting
    from windfall.rendezvous import Rendezvous

SERVICE = "sagemaker-endpoint"
"""What `JobId.service` is for deployments; a job is called as its configuration."""
_EXPECTED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ModelDeployer:
    """Deploys models.

    Attributes:
        bucket: Where asynchronous answers go.
        prefix: What this stack's names at SageMaker begin with.
        topic: Is told of the ends of asynchronous requests.
    """

    store: ObjectStore
    hosting: Hosting
    rendezvous: Rendezvous
    bucket: str
    prefix: str
    topic: str
    clock: Clock = utc_now

    def begin(self, task: DeployModelTask) -> str:
        """Make or change the endpoint, if that is not done yet, and park the token.

        Raises:
            InvalidInputError: SageMaker does not take the configuration.
            TransientError: Try again; what is there is found by its name.
            QuotaExceededError: The account has no more endpoints or instances.
        """
        spec = TrainingFiles(self.store, task.analysis.output).spec()
        names = TrainingNames.of(self.prefix, spec.name, task.analysis)
        configuration = self._configuration(names, spec.profile.deploy)
        self._note(task, names, spec.profile.deploy.mode)
        return self.rendezvous.submit(
            JobId(SERVICE, names.version),
            task.token,
            lambda: self.hosting.deploy(names.endpoint, configuration),
            expected=_EXPECTED,
        )

    def _note(self, task: DeployModelTask, names: TrainingNames, mode: str) -> None:
        """Keep what is about to be made: if all breaks off here, the manifest tells what costs."""
        noted = Checkpoints(self.store, task.analysis.output, "endpoint")
        if noted.finished() is None:
            now = timestamp(self.clock())
            told = {"endpoint": names.endpoint, "configuration": names.version, "mode": mode}
            noted.finish(
                Outcome(
                    feature="endpoint",
                    status=OutcomeStatus.OK,
                    summary=told,
                    started=now,
                    ended=now,
                )
            )

    def _configuration(self, names: TrainingNames, deploy: DeployProfile) -> dict[str, Any]:
        variant: dict[str, Any] = {
            "VariantName": VARIANT,
            "ModelName": names.version,
            "InitialVariantWeight": 1,
        }
        if deploy.mode == "serverless":
            variant["ServerlessConfig"] = {
                "MemorySizeInMB": deploy.memory_megabytes,
                "MaxConcurrency": deploy.concurrency,
            }
        else:
            variant |= {"InstanceType": deploy.instance_type, "InitialInstanceCount": 1}
        configuration: dict[str, Any] = {
            "EndpointConfigName": names.version,
            "ProductionVariants": [variant],
        }
        if deploy.mode == "async":
            configuration["AsyncInferenceConfig"] = {
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
                "OutputConfig": {
                    "S3OutputPath": f"s3://{self.bucket}/scoring/answers/",
                    "S3FailurePath": f"s3://{self.bucket}/scoring/failures/",
                    "NotificationConfig": {"SuccessTopic": self.topic, "ErrorTopic": self.topic},
                },
            }
        return configuration
