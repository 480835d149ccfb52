"""What is done for a training job: fetch its data, run its container, put its model into S3."""

from __future__ import annotations

import json
import shutil
import tarfile
import time
from pathlib import Path

from windfall_local.api import AuthorizingCloud, Principal, ServiceError
from windfall_local.functions.log_stream import LogStream
from windfall_local.services.sagemaker.channels import fetch
from windfall_local.services.sagemaker.containers import SESSION, Container, variables
from windfall_local.services.sagemaker.final_metrics import FinalMetrics
from windfall_local.services.sagemaker.images import PullError, check_pull, read_working_image
from windfall_local.services.sagemaker.jobs import JobFailedError, Jobs, head, picked
from windfall_local.services.sagemaker.metrics import put_metrics
from windfall_local.services.sagemaker.objects import (
    Objects,
    Place,
    pack,
    read_uri,
    reading_failed,
    unpack,
)
from windfall_local.services.sagemaker.records import Document, moment, now
from windfall_local.services.sagemaker.tags import tags_of

LOGS = "/aws/sagemaker/TrainingJobs"
"""The log group of every training job, and the namespace of its metrics."""
FOLDER = "/opt/ml"
"""What paths of a container begin with; here it stands for a folder of the job."""
DAY = 86_400
"""Seconds that a job may take, unless it says so itself."""
_IN_EVENTS = (
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
)
_USERS_FAULT = 2
"""The exit code with which AWS's algorithms blame the user."""


class Trainer:
    """Does the work of training jobs.

    Args:
        cloud: Has the data, and the bus.
    """

    jobs: Jobs

    def __init__(self, cloud: AuthorizingCloud) -> None:
        self._cloud = cloud

    async def work(self, job: Document) -> None:
        """Fetch, train, and put the model into S3.

        Raises:
            JobFailedError: It can't be done.
            windfall_local.services.sagemaker.channels.DownloadError: The data can't be fetched.
        """
        base = self.jobs.records.folder(job["name"]) / "ml"
        shutil.rmtree(base, ignore_errors=True)
        objects = Objects(self._cloud, _principal(job))
        for folder in ("input/config", "input/data", "output/data", "model", "code"):
            (base / folder).mkdir(parents=True)
        await self.jobs.enter(job, "Downloading", started=now())
        await self._download(job, base, objects)
        await self._pull(job)
        if job["status"] == "Stopping":
            return
        await self.jobs.enter(job, "Training")
        code = await self._run(job, base)
        if code and job["status"] != "Stopping":
            raise JobFailedError(_failure(base, code))
        if job["status"] != "Stopping":
            await self.jobs.enter(job, "Uploading")
        await self._upload(job, base, objects)
        shutil.rmtree(base, ignore_errors=True)

    async def announce(self, job: Document) -> None:
        """Put a job's state on the bus."""
        detail = {
            **head(job, "Training", _milliseconds),
            "SecondaryStatus": job["secondary"],
            **picked(job["request"], _IN_EVENTS),
            "LastModifiedTime": _milliseconds(job["modified"]),
            "SecondaryStatusTransitions": [
                {key: _milliseconds(at) if key != "Status" else at for key, at in one.items()}
                for one in job["transitions"]
            ],
            "Tags": {tag["Key"]: tag["Value"] for tag in tags_of(job)},
        }
        if job.get("model"):
            detail["ModelArtifacts"] = {"S3ModelArtifacts": job["model"]}
        await self._cloud.emit(
            "aws.sagemaker", "SageMaker Training Job State Change", detail, [job["arn"]]
        )

    async def _download(self, job: Document, base: Path, objects: Objects) -> None:
        request, region = job["request"], self._cloud.region
        hyperparameters = request.get("HyperParameters") or {}
        channels = {}
        for channel in request.get("InputDataConfig") or ():
            name = channel["ChannelName"]
            source = channel["DataSource"]["S3DataSource"]
            await fetch(objects, source, base / "input" / "data" / name, region)
            channels[name] = {
                "TrainingInputMode": channel.get("InputMode")
                or request["AlgorithmSpecification"]["TrainingInputMode"],
                "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
                "RecordWrapperType": "None",
                **({"ContentType": channel["ContentType"]} if channel.get("ContentType") else {}),
            }
        resources = {
            "current_host": "algo-1",
            "current_instance_type": request["ResourceConfig"]["InstanceType"],
            "current_group_name": "homogeneousCluster",
            "hosts": ["algo-1"],
            "network_interface_name": "lo",
        }
        for name, document in (
            ("hyperparameters", hyperparameters),
            ("inputdataconfig", channels),
            ("resourceconfig", resources),
        ):
            path = base / "input" / "config" / f"{name}.json"
            path.write_text(json.dumps(document), encoding="utf-8")
        submitted = hyperparameters.get("sagemaker_submit_directory", "").strip('"')
        if submitted:
            await self._fetch_code(submitted, base, objects)

    async def _pull(self, job: Document) -> None:
        image = job["request"]["AlgorithmSpecification"]["TrainingImage"]
        try:
            await check_pull(self._cloud, image, _principal(job))
        except PullError as error:
            raise JobFailedError(
                "ClientError: Cannot pull algorithm container. Either the image does not exist or "
                f"its permissions are incorrect. ({error})"
            ) from error

    async def _fetch_code(self, url: str, base: Path, objects: Objects) -> None:
        archive = base / "sourcedir.tar.gz"
        try:
            if url.startswith(FOLDER):
                # It came in a channel.
                archive = base / url.removeprefix(FOLDER).strip("/")
            else:
                await objects.fetch(read_uri(url), archive)
            if archive.is_dir():
                shutil.copytree(archive, base / "code", dirs_exist_ok=True)
            else:
                await unpack(archive, base / "code")
        except ServiceError as error:
            raise JobFailedError(
                f"ClientError: The source {url} can't be read: {reading_failed(error)}"
            ) from error
        except (tarfile.TarError, EOFError, OSError) as error:
            raise JobFailedError(f"ClientError: The source {url} is no tar.gz: {error}") from error

    async def _run(self, job: Document, base: Path) -> int:
        request = job["request"]
        image = read_working_image(request["AlgorithmSpecification"]["TrainingImage"])
        kind: str = image.kind
        if kind == "xgboost" and "sagemaker_program" in (request.get("HyperParameters") or {}):
            kind = "xgboost-script"
        principal = _principal(job)
        own = {
            **(request.get("Environment") or {}),
            "TRAINING_JOB_NAME": job["name"],
            "TRAINING_JOB_ARN": job["arn"],
            "SAGEMAKER_BASE_DIR": str(base),
            "SAGEMAKER_REGION": self._cloud.region,
        }
        stream = f"{job['name']}/algo-1-{int(time.time())}"
        log = LogStream(self._cloud, LOGS, stream, principal)
        metrics = FinalMetrics(image.kind, request["AlgorithmSpecification"])
        container = Container(
            ("-m", "windfall_local.engines.tables.training", str(base), kind),
            variables(self._cloud, principal, own),
            base,
            log,
            metrics.read,
        )
        seconds = (request.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds") or DAY
        code = await self.jobs.run(job, container, seconds)
        self.jobs.records.change(job, metrics=metrics.found)
        await self._measure(job, principal)
        return code

    async def _measure(self, job: Document, principal: Principal) -> None:
        """Put the last value of each metric into CloudWatch; AWS puts every one."""
        data = [
            {"MetricName": name, "Value": value, "Timestamp": moment(at)}
            for name, (value, at) in job["metrics"].items()
        ]
        await put_metrics(self._cloud, LOGS, {"TrainingJobName": job["name"]}, data, principal)

    async def _upload(self, job: Document, base: Path, objects: Objects) -> None:
        config = job["request"]["OutputDataConfig"]
        place = read_uri(config["S3OutputPath"]).below(f"{job['name']}/output")
        compressed = config.get("CompressionType", "GZIP") == "GZIP"
        try:
            if any((base / "model").iterdir()):
                model = await _put(objects, base / "model", place, compressed=compressed)
                self.jobs.records.change(job, model=model.uri)
            if any((base / "output" / "data").iterdir()):
                await _put(objects, base / "output" / "data", place, compressed=compressed)
        except ServiceError as error:
            raise JobFailedError(
                f"ClientError: Artifact upload failed: {reading_failed(error)} ({place.uri})"
            ) from error


async def _put(objects: Objects, folder: Path, place: Place, *, compressed: bool) -> Place:
    """A folder as `model.tar.gz` or `output.tar.gz`, or file by file."""
    name = "output" if folder.name == "data" else "model"
    if compressed:
        archive = folder.parent / f"{name}.tar.gz"
        await pack(folder, archive)
        target = place.below(f"{name}.tar.gz")
        await objects.put(archive, target, "application/x-tar")
        return target
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        await objects.put(path, place.below(f"{name}/{path.relative_to(folder)}"))
    return place.below(f"{name}/")


def _failure(base: Path, code: int) -> str:
    path = base / "output" / "failure"
    said = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    whose = "ClientError" if code == _USERS_FAULT else "AlgorithmError"
    if code < 0 and not said:
        said = "The container was killed; it may have used up the memory of this machine"
    ending = f", exit code: {code}"
    return f"{whose}: {said[: 1024 - len(whose) - len(ending) - 2]}{ending}"


def _milliseconds(at: str) -> str:
    return str(int(moment(at).timestamp() * 1000))


def _principal(job: Document) -> Principal:
    return Principal.role(job["request"]["RoleArn"], SESSION)
