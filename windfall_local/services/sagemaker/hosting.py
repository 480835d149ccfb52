"""What runs behind endpoints: models unpacked in folders, and containers that serve them."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windfall_local.api import AuthorizingCloud, Cloud, Principal, ServiceError
from windfall_local.functions.log_stream import LogStream
from windfall_local.services.sagemaker.containers import (
    SESSION,
    ContainerError,
    variables,
)
from windfall_local.services.sagemaker.images import PullError, check_pull, read_image
from windfall_local.services.sagemaker.metrics import put_metrics
from windfall_local.services.sagemaker.objects import Objects, read_uri, reading_failed, unpack
from windfall_local.services.sagemaker.serving import ServingContainer

Document = dict[str, Any]

_IDLE = 120.0
"""Seconds after which a container without requests is ended; the next request starts another."""
_LOADING = 600.0
"""Seconds that a model may take to load."""
_METRICS = "/aws/sagemaker/Endpoints"
"""The namespace of endpoints' metrics, and what their log groups begin with."""


class DeploymentError(Exception):
    """A model can't be served; the message is the FailureReason."""


@dataclass(slots=True)
class Variant:
    """A production variant that serves.

    Attributes:
        name: AllTraffic, mostly.
        weight: Its share of the requests.
        serverless: Its ServerlessConfig, if it is serverless.
        container: Its process, whenever one is needed.
        principal: As whom it works.
    """

    name: str
    weight: float
    serverless: Document | None
    container: ServingContainer
    principal: Principal


@dataclass(slots=True)
class ModelFolder:
    """A model on this disk.

    Attributes:
        model: What `model.tar.gz` holds.
        code: The script.
        kind: What serves it.
        environment: Of the container.
        principal: As whom it works.
    """

    model: Path
    code: Path
    kind: str
    environment: dict[str, str]
    principal: Principal


async def lay_out(
    cloud: AuthorizingCloud, model: Document, folder: Path, more: dict[str, str] | None = None
) -> ModelFolder:
    """Pull a model's image and unpack its data, as its role.

    Args:
        cloud: Has S3.
        model: The record of CreateModel.
        folder: Where to; emptied first.
        more: Further variables of the container.

    Raises:
        DeploymentError: The image must not be pulled, or the data is not there or must not be
            read.
    """
    shutil.rmtree(folder, ignore_errors=True)
    container = model["container"]
    principal = Principal.role(model["request"]["ExecutionRoleArn"], SESSION)
    try:
        await check_pull(cloud, container["Image"], principal)
    except PullError as error:
        raise DeploymentError(str(error)) from error
    objects = Objects(cloud, principal)
    data = folder / "model"
    data.mkdir(parents=True)
    if container.get("ModelDataUrl"):
        await _fetch(objects, container["ModelDataUrl"], data)
    return await _model_folder(cloud, container, folder, objects, principal, more or {})


async def _fetch(objects: Objects, url: str, folder: Path) -> None:
    archive = folder.with_suffix(".tar.gz")
    try:
        await objects.fetch(read_uri(url), archive)
    except ServiceError as error:
        raise DeploymentError(
            f'Failed to download model data for container "container_1" from URL: "{url}". Please '
            "ensure that there is an object located at the URL and that the role passed to "
            f"CreateModel has permissions to download the object. ({reading_failed(error)})"
        ) from error
    try:
        await unpack(archive, folder)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DeploymentError(
            f'Failed to extract model data archive for container "container_1" from URL "{url}". '
            f"Please ensure that the object located at the URL is a valid tar.gz archive. ({error})"
        ) from error
    finally:
        archive.unlink(missing_ok=True)


async def _model_folder(
    cloud: Cloud,
    container: Document,
    folder: Path,
    objects: Objects,
    principal: Principal,
    more: dict[str, str],
) -> ModelFolder:
    own: dict[str, str] = container.get("Environment") or {}
    kind: str = read_image(container.get("Image")).kind
    code = folder / "model" / "code"
    if own.get("SAGEMAKER_PROGRAM") and kind != "triton":
        kind = "xgboost-script" if kind == "xgboost" else kind
        submitted = own.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
        if submitted.startswith("s3://"):
            code = folder / "code"
            code.mkdir()
            await _fetch(objects, submitted, code)
    environment = {
        **own,
        **more,
        "SM_MODEL_DIR": str(folder / "model"),
        "SAGEMAKER_BASE_DIR": str(folder),
        "SAGEMAKER_REGION": cloud.region,
    }
    return ModelFolder(folder / "model", code, kind, environment, principal)


class Hosting:
    """The containers of every endpoint.

    Args:
        cloud: Has the models' data.
        idle: Seconds after which an unused container is ended.
    """

    def __init__(self, cloud: AuthorizingCloud, idle: float = _IDLE) -> None:
        self._cloud = cloud
        self._idle = idle
        self._deployments: dict[str, list[Variant]] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def deploy(self, endpoint: str, variants: list[Document], folder: Path) -> None:
        """Serve variants under an endpoint's name, in place of what it had.

        Args:
            endpoint: Its name.
            variants: Each with its `variant` (of the configuration) and `model` (its record).
            folder: For what is unpacked.

        Raises:
            DeploymentError: One can't be served; what the endpoint had goes on.
        """
        made = [await self._make(endpoint, one, folder) for one in variants]
        try:
            for variant in made:
                await self._load(variant)
                await self._measure(endpoint, variant)
        except DeploymentError:
            await asyncio.gather(*(variant.container.stop() for variant in made))
            raise
        await self.withdraw(endpoint)
        self._deployments[endpoint] = made

    async def withdraw(self, endpoint: str) -> None:
        """End what serves under a name."""
        for variant in self._deployments.pop(endpoint, []):
            await variant.container.stop()

    async def variants(
        self, endpoint: str, variants: list[Document], folder: Path
    ) -> list[Variant]:
        """What serves an endpoint; after a restart of the cloud, made anew from what is on disk.

        Raises:
            DeploymentError: It can't be served any more.
        """
        async with self._turns.setdefault(endpoint, asyncio.Lock()):
            if endpoint not in self._deployments:
                self._deployments[endpoint] = [
                    await self._make(endpoint, one, folder) for one in variants
                ]
            return self._deployments[endpoint]

    async def close(self) -> None:
        """End every container."""
        for endpoint in list(self._deployments):
            await self.withdraw(endpoint)

    async def _make(self, endpoint: str, wanted: Document, folder: Path) -> Variant:
        config = wanted["variant"]
        name = config["VariantName"]
        laid = await lay_out(self._cloud, wanted["model"], folder / name)
        log = LogStream(
            self._cloud,
            f"{_METRICS}/{endpoint}",
            f"{name}/i-{secrets.token_hex(8)}{secrets.token_hex(1)[:1]}",
            laid.principal,
        )
        container = ServingContainer(
            laid.kind,
            laid.model,
            laid.code,
            variables(self._cloud, laid.principal, laid.environment),
            log,
            self._idle,
        )
        weight = config.get("InitialVariantWeight")
        return Variant(
            name,
            1.0 if weight is None else weight,
            config.get("ServerlessConfig"),
            container,
            laid.principal,
        )

    async def _load(self, variant: Variant) -> None:
        try:
            await variant.container.start(_LOADING)
        except (ContainerError, TimeoutError) as error:
            raise DeploymentError(
                f"The container for production variant {variant.name} did not pass the ping health "
                f"check. Please check CloudWatch logs for this endpoint. ({error})"
            ) from error

    async def _measure(self, endpoint: str, variant: Variant) -> None:
        """What a loaded model takes of the memory; AWS measures each minute, and the CPU too."""
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE")
        share = 100 * variant.container.memory / whole
        data = {"MetricName": "MemoryUtilization", "Value": share, "Unit": "Percent"}
        dimensions = {"EndpointName": endpoint, "VariantName": variant.name}
        await put_metrics(self._cloud, _METRICS, dimensions, [data], variant.principal)


def choose(variants: list[Variant], target: str | None) -> Variant | None:
    """The variant that takes a request: the one that was asked for, or one by their weights."""
    if target is not None:
        return next((one for one in variants if one.name == target), None)
    weights = [one.weight for one in variants]
    if not sum(weights):
        return None
    return random.choices(variants, weights)[0]  # traffic, not secrets
