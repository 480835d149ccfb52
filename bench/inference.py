"""Rows a second and memory of predictions for whole files: asynchronous inference, batch transform.

A table of 60 columns goes through an XGBoost model in the local cloud, from S3 to S3: served by a
script on an asynchronous endpoint, and by the built-in algorithm in a transform job. Two sizes show
whether memory grows with the rows. Peaks are the kernel's own (`VmHWM`), of the cloud's process and
of the container's, from the request to the answer.

    python -m bench.inference [rows]     # 1,000,000 unless told otherwise, and a quarter of it
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pyarrow as pa
import xgboost as xgb
from pyarrow import csv

from bench.results import write_result

COLUMNS = 60
ROWS = 1_000_000
ROUNDS = 100
BUCKET = "inference"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
SCRIPT = """
import os, xgboost

def model_fn(model_dir):
    return xgboost.Booster(model_file=os.path.join(model_dir, "model.ubj"))
"""
_CHUNK = 50_000
_MIB = 1024**2


@contextmanager
def cloud() -> Iterator[tuple[int, Callable[[str], Any]]]:
    """A local cloud in a process of its own: its number, and clients."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.chain.local_cloud"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    address = json.loads(process.stdout.readline())

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=address["endpoint"],
            region_name="us-east-1",
            aws_access_key_id=address["key"],
            aws_secret_access_key=address["secret"],
        )

    try:
        yield process.pid, client
    finally:
        process.communicate()


class Peaks:
    """The highest resident memory of a process and of its containers, while it is open.

    Args:
        pid: The cloud's.
        program: What the containers run: what answers, or what learns.
    """

    def __init__(self, pid: int, program: str = "tables.serving") -> None:
        self.pid = pid
        self._program = program.encode()
        self.before = self.cloud = _status(pid, "VmRSS")
        self.container = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Peaks:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.cloud = _status(self.pid, "VmHWM")

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            for child in _containers(self.pid, self._program):
                self.container = max(self.container, _status(child, "VmHWM"))

    def figures(self) -> dict[str, int]:
        """In MiB."""
        return {
            "container_peak_mib": round(self.container / _MIB),
            "cloud_before_mib": round(self.before / _MIB),
            "cloud_peak_mib": round(self.cloud / _MIB),
        }


def _status(pid: int, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def _containers(pid: int, program: bytes) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = path.read_text().rpartition(")")[2].split()
            is_container = program in (path.parent / "cmdline").read_bytes()
            if int(after_name[1]) == pid and is_container:
                found.append(int(path.parent.name))
    return found


def write_table(path: Path, rows: int) -> None:
    """Numbers between 0 and 1, without a header."""
    random = np.random.default_rng(0)
    plain = csv.WriteOptions(include_header=False)
    with path.open("wb") as file:
        for begin in range(0, rows, _CHUNK):
            part = random.random((COLUMNS, min(_CHUNK, rows - begin)), np.float32)
            names = [str(number) for number in range(COLUMNS)]
            csv.write_csv(pa.table(list(part), names), file, plain)


def model_archive(folder: Path) -> bytes:
    """A model and the script that serves it; the algorithm takes it without the script."""
    random = np.random.default_rng(1)
    table = random.random((20_000, COLUMNS), np.float32)
    label = (table[:, :3].sum(axis=1) > 1.5).astype(int)
    model = xgb.train({"objective": "binary:logistic"}, xgb.DMatrix(table, label=label), ROUNDS)
    model.save_model(folder / "model.ubj")
    (folder / "code").mkdir()
    (folder / "code" / "inference.py").write_text(SCRIPT)
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as opened:
        opened.add(folder / "model.ubj", "model.ubj")
        opened.add(folder / "code", "code")
    return written.getvalue()


def set_up(client: Callable[[str], Any], folder: Path) -> None:
    """A role, a bucket, two models, an asynchronous endpoint with a topic."""
    client("s3").create_bucket(Bucket=BUCKET)
    client("s3").put_object(Bucket=BUCKET, Key="model.tar.gz", Body=model_archive(folder))
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = client("iam")
    role = iam.create_role(RoleName="hosting", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    actions = ["s3:*", "logs:*", "sns:Publish", "ecr:*"]
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="hosting", PolicyName="hosting", PolicyDocument=policy)
    sagemaker = client("sagemaker")
    for name, variables in (("script", {"SAGEMAKER_PROGRAM": "inference.py"}), ("algorithm", {})):
        container = {
            "Image": IMAGE,
            "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz",
            "Environment": variables,
        }
        sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=role["Arn"], PrimaryContainer=container
        )
    sagemaker.create_endpoint_config(
        EndpointConfigName="script",
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": "script",
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
        AsyncInferenceConfig={
            "OutputConfig": {
                "S3OutputPath": f"s3://{BUCKET}/out",
                "S3FailurePath": f"s3://{BUCKET}/failed",
            }
        },
    )
    sagemaker.create_endpoint(EndpointName="script", EndpointConfigName="script")
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName="script", WaiterConfig={"Delay": 1, "MaxAttempts": 100}
    )


def infer(client: Callable[[str], Any], key: str) -> str:
    """One file by asynchronous inference; the key of its answer."""
    answer: dict[str, str] = client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName="script",
        InputLocation=f"s3://{BUCKET}/{key}",
        ContentType="text/csv",
        Accept="text/csv",
        InvocationTimeoutSeconds=3600,
    )
    places = [answer[name].split("/", 3)[3] for name in ("OutputLocation", "FailureLocation")]
    while True:
        for place in places:
            found = client("s3").list_objects_v2(Bucket=BUCKET, Prefix=place)
            if found["KeyCount"]:
                return place
        time.sleep(0.05)


def transform(client: Callable[[str], Any], key: str) -> str:
    """One file by batch transform; the key of its answer."""
    sagemaker, name = client("sagemaker"), key.replace(".", "-")
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName="algorithm",
        TransformInput={
            "DataSource": {
                "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{key}"}
            },
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/transformed", "AssembleWith": "Line"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    while True:
        job = sagemaker.describe_transform_job(TransformJobName=name)
        if job["TransformJobStatus"] != "InProgress":
            assert job["TransformJobStatus"] == "Completed", job
            return f"transformed/{key}.out"
        time.sleep(0.05)


def measure(
    run: Callable[[Callable[[str], Any], str], str], client: Callable[[str], Any], pid: int,
    key: str, rows: int,
) -> dict[str, Any]:  # fmt: skip
    """One file from S3 to S3."""
    with Peaks(pid) as peaks:
        begin = time.perf_counter()
        place = run(client, key)
        seconds = time.perf_counter() - begin
    body = client("s3").get_object(Bucket=BUCKET, Key=place)["Body"]
    answered = sum(1 for _ in body.iter_lines())
    assert answered == rows, (place, answered)
    return {
        "rows": rows,
        "seconds": round(seconds, 1),
        "rows_per_second": round(rows / seconds),
        **peaks.figures(),
    }


def main(rows: int) -> None:
    """Both ways, at two sizes."""
    ways = {"asynchronous": infer, "batch_transform": transform}
    figures: dict[str, Any] = {"columns": COLUMNS, **{way: [] for way in ways}}
    with tempfile.TemporaryDirectory() as temporary, cloud() as (pid, client):
        folder = Path(temporary)
        set_up(client, folder)
        for count in (rows // 4, rows):
            key = f"rows-{count}.csv"
            write_table(folder / key, count)
            megabytes = (folder / key).stat().st_size / 1e6
            client("s3").upload_file(str(folder / key), BUCKET, key)
            (folder / key).unlink()
            for way, run in ways.items():
                figures[way].append(
                    {"megabytes": round(megabytes), **measure(run, client, pid, key, count)}
                )
    write_result("inference", figures)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
