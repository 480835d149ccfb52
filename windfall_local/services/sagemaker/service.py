"""SageMaker on this machine, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from windfall_local.api import AuthorizingCloud, OperationService
from windfall_local.services.sagemaker.asynchronous import AsynchronousQueues
from windfall_local.services.sagemaker.endpoints import EndpointOperations
from windfall_local.services.sagemaker.hosting import Hosting, Variant
from windfall_local.services.sagemaker.jobs import Jobs
from windfall_local.services.sagemaker.models import ModelOperations
from windfall_local.services.sagemaker.processing import QUOTA as PROCESSING_QUOTA
from windfall_local.services.sagemaker.processing import ProcessingOperations
from windfall_local.services.sagemaker.processor import Processor
from windfall_local.services.sagemaker.records import Document, Records
from windfall_local.services.sagemaker.registry import RegistryOperations
from windfall_local.services.sagemaker.runtime import RuntimeService
from windfall_local.services.sagemaker.tags import TagOperations
from windfall_local.services.sagemaker.trainer import Trainer
from windfall_local.services.sagemaker.training import QUOTA as TRAINING_QUOTA
from windfall_local.services.sagemaker.training import TrainingOperations
from windfall_local.services.sagemaker.transformer import Transformer
from windfall_local.services.sagemaker.transforms import QUOTA as TRANSFORM_QUOTA
from windfall_local.services.sagemaker.transforms import TransformOperations


class SageMakerService(
    RegistryOperations,
    ModelOperations,
    EndpointOperations,
    TrainingOperations,
    TransformOperations,
    ProcessingOperations,
    TagOperations,
    OperationService,
):
    """SageMaker: AWS's own images of XGBoost and scikit-learn, run as processes of this machine.

    Args:
        cloud: The cloud it is part of.

    Attributes:
        runtime: What its endpoints answer, a service of its own.
    """

    name = "sagemaker"

    def __init__(self, cloud: AuthorizingCloud) -> None:
        self._cloud = cloud
        folder = cloud.data_dir / "sagemaker"
        self._models = Records(folder / "models")
        self._groups = Records(folder / "model-package-groups")
        self._packages = Records(folder / "model-packages")
        self._configs = Records(folder / "endpoint-configs")
        self._endpoints = Records(folder / "endpoints")
        self._hosting = Hosting(cloud)
        self._queues = AsynchronousQueues(
            cloud, folder / "invocations", self._endpoints, self._variants
        )
        self._deploying: dict[str, asyncio.Task[None]] = {}
        self._training = Jobs(Records(folder / "training-jobs"), TRAINING_QUOTA, Trainer(cloud))
        self._transforms = Jobs(
            Records(folder / "transform-jobs"), TRANSFORM_QUOTA, Transformer(cloud)
        )
        self._processing = Jobs(
            Records(folder / "processing-jobs"),
            PROCESSING_QUOTA,
            Processor(cloud, self._models, self._endpoints),
        )
        self.runtime = RuntimeService(self._endpoints, self._hosting, self._queues)

    async def start(self) -> None:
        """Go on with what an earlier process accepted."""
        for records in self._kept():
            records.load()
        for endpoint in self._endpoints:
            if endpoint["status"] in ("Creating", "Updating"):
                self._deploy(endpoint)
            elif endpoint["status"] == "Deleting":
                self._endpoints.delete(endpoint["name"])
        self._queues.start()
        for jobs in self._sorts:
            await jobs.start()

    async def stop(self) -> None:
        """End every process; what was accepted is kept."""
        for jobs in self._sorts:
            await jobs.suspend()
        await self._queues.stop()
        deploying = list(self._deploying.values())
        for task in deploying:
            task.cancel()
        await asyncio.gather(*deploying, return_exceptions=True)
        await self._hosting.close()

    @property
    def _sorts(self) -> tuple[Jobs, ...]:
        return self._training, self._transforms, self._processing

    def _kept(self) -> Iterable[Records]:
        return (
            self._models,
            self._groups,
            self._packages,
            self._configs,
            self._endpoints,
            *(jobs.records for jobs in self._sorts),
        )

    async def _variants(self, endpoint: Document) -> list[Variant]:
        folder = self._endpoints.folder(endpoint["name"]) / endpoint["serving"]["folder"]
        return await self._hosting.variants(
            endpoint["name"], endpoint["serving"]["variants"], folder
        )
