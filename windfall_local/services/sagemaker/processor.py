"""What is done for a processing job: fetch its inputs, run its container, keep its outputs."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

from windfall_local.api import AuthorizingCloud, Principal, ServiceError
from windfall_local.functions.log_stream import LogStream
from windfall_local.services.sagemaker.channels import fetch
from windfall_local.services.sagemaker.containers import SESSION, Container, variables
from windfall_local.services.sagemaker.hosting import DeploymentError, ModelFolder, lay_out
from windfall_local.services.sagemaker.images import (
    PullError,
    check_pull,
    read_processing_image,
)
from windfall_local.services.sagemaker.jobs import JobFailedError, Jobs, head, picked
from windfall_local.services.sagemaker.objects import Objects, read_uri, reading_failed
from windfall_local.services.sagemaker.records import Document, Records, moment, now
from windfall_local.services.sagemaker.tags import tags_of

LOGS = "/aws/sagemaker/ProcessingJobs"
FOLDER = "/opt/ml/processing"
"""What a LocalPath begins with; here it stands for a folder of the job."""
_DAY = 86_400
_MESSAGE = 1024
_INVOKING = (
    "CreateEndpointConfig",
    "CreateEndpoint",
    "DescribeEndpoint",
    "DeleteEndpoint",
    "DeleteEndpointConfig",
)
"""What Clarify does with a model's shadow endpoint, and its role must be allowed."""
_IN_EVENTS = (
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "StoppingCondition",
    "AppSpecification",
    "Environment",
    "RoleArn",
)


class Processor:
    """Does the work of processing jobs.

    Args:
        cloud: Has the data, and the bus.
        models: What Clarify may ask.
        endpoints: The same, deployed.
    """

    jobs: Jobs

    def __init__(self, cloud: AuthorizingCloud, models: Records, endpoints: Records) -> None:
        self._cloud = cloud
        self._models = models
        self._endpoints = endpoints

    async def work(self, job: Document) -> None:
        """Fetch, run, keep.

        Raises:
            JobFailedError: It can't be done.
            windfall_local.services.sagemaker.channels.DownloadError: An input can't be fetched.
        """
        base = self.jobs.records.folder(job["name"]) / "ml"
        shutil.rmtree(base, ignore_errors=True)
        objects = Objects(self._cloud, _principal(job))
        await self.jobs.enter(job, "InProgress", started=now())
        await self._lay_out(job, base, objects)
        await self._pull(job)
        if job["status"] == "Stopping":
            return
        code = await self._run(job, base)
        message = _read_message(base)
        if message:
            self.jobs.records.change(job, message=message)
        if code and job["status"] != "Stopping":
            raise JobFailedError(f"AlgorithmError: {message}, exit code: {code}")
        await self._keep(job, base, objects)
        shutil.rmtree(base, ignore_errors=True)

    async def announce(self, job: Document) -> None:
        """Put a job's state on the bus."""
        detail = {
            **head(job, "Processing", _milliseconds),
            **picked(job["request"], _IN_EVENTS),
            "LastModifiedTime": _milliseconds(job["modified"]),
            "Tags": {tag["Key"]: tag["Value"] for tag in tags_of(job)},
        }
        if job.get("message"):
            detail["ExitMessage"] = job["message"]
        await self._cloud.emit(
            "aws.sagemaker", "SageMaker Processing Job State Change", detail, [job["arn"]]
        )

    async def _lay_out(self, job: Document, base: Path, objects: Objects) -> None:
        for folder in ("processing", "output", "config"):
            (base / folder).mkdir(parents=True)
        request = job["request"]
        for one in request.get("ProcessingInputs") or ():
            source = one["S3Input"]
            await fetch(objects, source, _place(base, source["LocalPath"]), self._cloud.region)
        for one in _outputs(request):
            _place(base, one["LocalPath"]).mkdir(parents=True, exist_ok=True)
        resources = {"current_host": "algo-1", "hosts": ["algo-1"]}
        for name, document in (
            ("processingjobconfig", request | {"ProcessingJobArn": job["arn"]}),
            ("resourceconfig", resources),
        ):
            path = base / "config" / f"{name}.json"
            path.write_text(json.dumps(document), encoding="utf-8")

    async def _pull(self, job: Document) -> None:
        image = job["request"]["AppSpecification"]["ImageUri"]
        try:
            await check_pull(self._cloud, image, _principal(job))
        except PullError as error:
            raise JobFailedError(f"ClientError: {error}") from error

    async def _run(self, job: Document, base: Path) -> int:
        request, principal = job["request"], _principal(job)
        given: dict[str, str] = request.get("Environment") or {}
        own = {
            **{name: _local(value, base) for name, value in given.items()},
            "PROCESSING_JOB_NAME": job["name"],
            "PROCESSING_JOB_ARN": job["arn"],
            "SAGEMAKER_REGION": self._cloud.region,
        }
        kind = read_processing_image(request["AppSpecification"]["ImageUri"])
        if kind == "clarify":
            program, more = await self._clarify(job, base, principal)
            own |= more
        else:
            program = _program(request["AppSpecification"], base)
        log = LogStream(self._cloud, LOGS, f"{job['name']}/algo-1-{int(time.time())}", principal)
        environment = variables(self._cloud, principal, own)
        container = Container(program, environment, base / "processing", log)
        seconds = (request.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds") or _DAY
        return await self.jobs.run(job, container, seconds)

    async def _keep(self, job: Document, base: Path, objects: Objects) -> None:
        for one in _outputs(job["request"]):
            folder, place = _place(base, one["LocalPath"]), read_uri(one["S3Uri"])
            try:
                for path in sorted(file for file in folder.rglob("*") if file.is_file()):
                    await objects.put(path, place.below(str(path.relative_to(folder))))
            except ServiceError as error:
                raise JobFailedError(
                    f"ClientError: Upload of {one['S3Uri']} failed: {reading_failed(error)}"
                ) from error

    # --- Clarify --------------------------------------------------------------------------------

    async def _clarify(
        self, job: Document, base: Path, principal: Principal
    ) -> tuple[tuple[str, ...], dict[str, str]]:
        """The program of Clarify's container, and the variables of the model in it."""
        program: tuple[str, ...] = ("-m", "windfall_local.engines.tables.clarify", str(base))
        predictor = _predictor(base)
        if not predictor.get("model_name") and not predictor.get("endpoint_name"):
            return program, {}
        laid = await self._asked_model(job, predictor, base, principal)
        # A table goes in by requests of a few megabytes.
        more = {"MAX_CONTENT_LENGTH": str(20 * 1024**2), **laid.environment}
        return (*program, laid.kind, str(laid.model), str(laid.code)), more

    async def _asked_model(
        self, job: Document, predictor: dict[str, Any], base: Path, principal: Principal
    ) -> ModelFolder:
        name = predictor.get("model_name")
        try:
            if name:
                await self._cloud.call("sagemaker", "DescribeModel", {"ModelName": name}, principal)
                await self._check_shadow(job["name"], principal)
                model = self._models.get(name)
            else:
                endpoint = str(predictor["endpoint_name"])
                await self._may("sagemaker-runtime", "InvokeEndpoint", endpoint, principal)
                model = self._deployed(endpoint)
        except ServiceError as error:
            raise JobFailedError(f"ClientError: {error.message}, exit code: 1") from error
        if model is None:
            raise JobFailedError(
                f"ClientError: Endpoint {predictor['endpoint_name']} not found, exit code: 1"
            )
        try:
            return await lay_out(self._cloud, model, base / "predictor")
        except DeploymentError as error:
            raise JobFailedError(f"ClientError: {error}, exit code: 1") from error

    async def _check_shadow(self, job: str, principal: Principal) -> None:
        # Clarify names them so, whatever the model is called.
        shadow = f"sm-clarify-{job}"[:63]
        for operation in _INVOKING:
            await self._may("sagemaker", operation, shadow, principal)
        await self._may("sagemaker-runtime", "InvokeEndpoint", shadow, principal)

    async def _may(self, service: str, operation: str, name: str, principal: Principal) -> None:
        config = name.replace("sm-clarify-", "sm-clarify-config-", 1)[:63]
        named = {"EndpointName": name, "EndpointConfigName": config}
        await self._cloud.authorize(service, operation, named, principal)

    def _deployed(self, name: str) -> Document | None:
        endpoint = self._endpoints.get(name)
        if endpoint is None or endpoint["serving"] is None:
            return None
        model: Document = endpoint["serving"]["variants"][0]["model"]
        return model


def _predictor(base: Path) -> dict[str, Any]:
    path = base / "processing" / "input" / "config" / "analysis_config.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("predictor")
    except (OSError, ValueError, AttributeError):
        # The container itself says what is wrong with it.
        return {}
    return found if isinstance(found, dict) else {}


def _program(application: dict[str, Any], base: Path) -> tuple[str, ...]:
    """A container's entry point, for this interpreter.

    Raises:
        JobFailedError: It is no Python script.
    """
    interpreter, *command = application["ContainerEntrypoint"]
    if Path(interpreter).name not in ("python", "python3"):
        raise JobFailedError(
            f"ClientError: The local SageMaker runs Python scripts in processing jobs, not "
            f"{interpreter!r}; others work on AWS only."
        )
    arguments = [*command, *(application.get("ContainerArguments") or ())]
    return tuple(_local(argument, base) for argument in arguments)


def _local(text: str, base: Path) -> str:
    return text.replace(FOLDER, str(base / "processing"))


def _place(base: Path, path: str) -> Path:
    return base / "processing" / path.removeprefix(FOLDER).strip("/")


def _outputs(request: Document) -> list[dict[str, Any]]:
    outputs = (request.get("ProcessingOutputConfig") or {}).get("Outputs") or []
    return [one["S3Output"] for one in outputs]


def _read_message(base: Path) -> str:
    path = base / "output" / "message"
    return path.read_text(encoding="utf-8", errors="replace")[:_MESSAGE] if path.exists() else ""


def _milliseconds(at: str) -> int:
    return int(moment(at).timestamp() * 1000)


def _principal(job: Document) -> Principal:
    return Principal.role(job["request"]["RoleArn"], SESSION)
