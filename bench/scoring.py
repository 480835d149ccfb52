"""Tables through the whole path: rows a second, memory, and fifty files at once.

The project's own template in a local cloud of its own. A table of 60 columns is dropped in the
inbox and waited for until its manifest says that it is analyzed: admission, rows checked against
the model's contract, payloads, asynchronous inference or a batch transform by a real XGBoost model,
predictions joined, recorded. Two sizes show whether memory grows with the rows. A function's peak
is what its REPORT lines say, the cloud's own is the kernel's (`VmHWM`).

    python -m bench.scoring [rows]     # 200,000 unless told otherwise, and a quarter of it
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import numpy as np

from bench.inference import COLUMNS, IMAGE, Peaks, model_archive
from bench.results import write_result
from windfall import identity, keys
from windfall.contracts.manifest import Manifest

ROWS = 200_000
FILES, ROWS_OF_A_FILE = 50, 1_000
NAMES = [f"c{number}" for number in range(COLUMNS)]
PATIENCE = 1_800
FUNCTIONS = ("PrepareTable", "SubmitInference", "JoinPredictions")
_CHUNK = 20_000
_PEAK = re.compile(r"Max Memory Used: (\d+) MB")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Stack:
    """The template in a cloud of its own, and a model behind an endpoint.

    Args:
        address: Of the local cloud, as `windfall up` writes it down.
        pid: Its process.
    """

    def __init__(self, address: dict[str, Any], pid: int) -> None:
        self.pid = pid
        self._session = boto3.Session(
            aws_access_key_id=address["access_key"],
            aws_secret_access_key=address["secret_key"],
            region_name=address["region"],
        )
        self._endpoint = address["endpoint"]
        described = self.client("cloudformation").describe_stacks(StackName=address["stack"])
        outputs = described["Stacks"][0]["Outputs"]
        self.outputs = {one["OutputKey"]: one["OutputValue"] for one in outputs}
        resources = self.client("cloudformation").get_paginator("list_stack_resources")
        self.resources = {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for page in resources.paginate(StackName=address["stack"])
            for one in page["StackResourceSummaries"]
        }
        self.inbox, self.results = (
            self.outputs[name] for name in ("InboxBucketName", "ResultsBucketName")
        )

    def client(self, service: str) -> Any:
        """A boto3 client."""
        return self._session.client(service, endpoint_url=self._endpoint)

    def deploy(self, folder: Path) -> None:
        """A model, its contract, an asynchronous endpoint and two profiles."""
        s3, sagemaker = self.client("s3"), self.client("sagemaker")
        columns = [{"name": name, "type": "number"} for name in NAMES]
        contract = {"task": "binary", "classes": ["no", "yes"], "columns": columns}
        s3.put_object(
            Bucket=self.results, Key="models/contract.json", Body=json.dumps(contract).encode()
        )
        s3.put_object(Bucket=self.results, Key="models/model.tar.gz", Body=model_archive(folder))
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://{self.results}/models/model.tar.gz"}
        sagemaker.create_model(
            ModelName="windfall-bench", ExecutionRoleArn=self._role(), PrimaryContainer=container
        )
        topic = self.outputs["JobsTopicArn"]
        sagemaker.create_endpoint_config(
            EndpointConfigName="windfall-bench",
            ProductionVariants=[
                {
                    "VariantName": "main",
                    "ModelName": "windfall-bench",
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
            ],
            AsyncInferenceConfig={
                "OutputConfig": {
                    "S3OutputPath": f"s3://{self.results}/scoring/answers/",
                    "S3FailurePath": f"s3://{self.results}/scoring/failures/",
                    "NotificationConfig": {"SuccessTopic": topic, "ErrorTopic": topic},
                }
            },
        )
        sagemaker.create_endpoint(
            EndpointName="windfall-bench", EndpointConfigName="windfall-bench"
        )
        sagemaker.get_waiter("endpoint_in_service").wait(
            EndpointName="windfall-bench", WaiterConfig={"Delay": 1, "MaxAttempts": 100}
        )
        shared = {"contract": f"s3://{self.results}/models/contract.json", "id_column": "id"}
        self._profile("asynchronous", {**shared, "endpoint": "windfall-bench"})
        job = {"mode": "batch_transform", "model": "windfall-bench"}
        self._profile("batch_transform", {**shared, **job})

    def _role(self) -> str:
        iam = self.client("iam")
        role = iam.create_role(RoleName="hosting", AssumeRolePolicyDocument=json.dumps(TRUST))
        allowed = {"Effect": "Allow", "Action": ["s3:*", "logs:*", "sns:Publish"], "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName="hosting", PolicyName="hosting", PolicyDocument=policy)
        return str(role["Role"]["Arn"])

    def _profile(self, name: str, table: dict[str, Any]) -> None:
        self.client("ssm").put_parameter(
            Name=f"{self.outputs['ProfilesPath']}/{name}",
            Value=json.dumps({"table": table}),
            Type="String",
        )

    def drop(self, key: str, path: Path) -> str:
        """Put a file into the inbox; its id."""
        with path.open("rb") as body:
            answer = self.client("s3").put_object(Bucket=self.inbox, Key=key, Body=body)
        return identity.file_id(self.inbox, key, answer["VersionId"])

    def manifests(self, files: Sequence[str]) -> list[Manifest]:
        """The manifests of files, once they are there."""
        s3, waiting = self.client("s3"), dict.fromkeys(files)
        found: dict[str, Manifest] = {}
        deadline = time.monotonic() + PATIENCE
        while waiting:
            assert time.monotonic() < deadline, f"{len(waiting)} files did not end"
            for file_id in list(waiting):
                key = keys.manifest_key(file_id)
                if s3.list_objects_v2(Bucket=self.results, Prefix=key)["KeyCount"]:
                    body = s3.get_object(Bucket=self.results, Key=key)["Body"].read()
                    found[file_id] = Manifest.model_validate_json(body)
                    del waiting[file_id]
            time.sleep(0.1)
        return [found[file_id] for file_id in files]

    def predictions(self, manifest: Manifest) -> Iterator[list[str]]:
        """The rows of `predictions.csv`, without its header."""
        (file,) = (one for one in manifest.files if one.name == "predictions.csv")
        body = self.client("s3").get_object(Bucket=file.bucket, Key=file.key)["Body"]
        rows = csv.reader(io.TextIOWrapper(body, "utf-8", newline=""))
        next(rows)
        return rows

    def function_peaks(self, since: float) -> dict[str, int]:
        """The highest memory of each function since a moment, in MB."""
        logs, peaks = self.client("logs").get_paginator("filter_log_events"), {}
        for function in FUNCTIONS:
            group = self.resources[f"{function}LogGroup"]
            pages = logs.paginate(logGroupName=group, startTime=int(since * 1000))
            messages = [event["message"] for page in pages for event in page["events"]]
            found = [int(match[1]) for text in messages if (match := _PEAK.search(text))]
            if found:
                peaks[function] = max(found)
        return peaks


@contextmanager
def local_stack(home: Path) -> Iterator[Stack]:
    """`windfall up` in a process of its own."""
    log = (home / "bench.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "windfall_cli", "up", "--port", "0"],
        env={**os.environ, "WINDFALL_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    address = home / "address.json"
    try:
        while not address.is_file():
            assert process.poll() is None, (home / "bench.log").read_text()[-2000:]
            time.sleep(0.05)
        yield Stack(json.loads(address.read_text()), process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        log.close()


def write_table(path: Path, rows: int, seed: int) -> None:
    """An id and numbers between 0 and 1."""
    random = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(["id", *NAMES]) + "\n")
        for begin in range(0, rows, _CHUNK):
            part = random.random((min(_CHUNK, rows - begin), COLUMNS), np.float32)
            for number, row in enumerate(part.tolist(), begin):
                file.write(f"r{number}," + ",".join(f"{cell:.7f}" for cell in row) + "\n")


def measure_one(stack: Stack, folder: Path, way: str, rows: int) -> dict[str, Any]:
    """One table from the inbox to its manifest."""
    path = folder / "table.csv"
    write_table(path, rows, seed=rows)
    size = path.stat().st_size
    since = time.time()
    with Peaks(stack.pid) as peaks:
        begin = time.perf_counter()
        (manifest,) = stack.manifests([stack.drop(f"{way}/{rows}.csv", path)])
        seconds = time.perf_counter() - begin
    path.unlink()
    assert manifest.status == "analyzed", [one.reason for one in manifest.outcomes]
    in_order = all(row[1] == f"r{n}" for n, row in enumerate(stack.predictions(manifest)))
    assert in_order
    return {
        "rows": rows,
        "megabytes": round(size / 1e6),
        "seconds": round(seconds, 1),
        "rows_per_second": round(rows / seconds),
        "function_peak_mb": until_there(lambda: stack.function_peaks(since)),
        **peaks.figures(),
    }


def until_there(look: Callable[[], dict[str, int]]) -> dict[str, int]:
    """What is looked for, once it is there: logs are shipped a moment later."""
    deadline = time.monotonic() + 10
    while True:
        found = look()
        if {"PrepareTable", "JoinPredictions"} <= found.keys() or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def measure_crowd(stack: Stack, folder: Path) -> dict[str, Any]:
    """Fifty tables at once."""
    paths = []
    for number in range(FILES):
        path = folder / f"{number}.csv"
        write_table(path, ROWS_OF_A_FILE, seed=1_000 + number)
        paths.append(path)
    begin = time.perf_counter()
    files = [stack.drop(f"asynchronous/crowd/{path.name}", path) for path in paths]
    manifests = stack.manifests(files)
    seconds = time.perf_counter() - begin
    wanted = [f"r{number}" for number in range(ROWS_OF_A_FILE)]
    whole = [
        manifest.status == "analyzed" and [row[1] for row in stack.predictions(manifest)] == wanted
        for manifest in manifests
    ]
    return {
        "files": FILES,
        "rows_of_a_file": ROWS_OF_A_FILE,
        "seconds": round(seconds, 1),
        "files_per_second": round(FILES / seconds, 2),
        "lost_or_out_of_order": whole.count(False),
    }


def main(rows: int) -> None:
    """Both ways at two sizes, then the crowd."""
    figures: dict[str, Any] = {"columns": COLUMNS, "asynchronous": [], "batch_transform": []}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "home").mkdir()
        (folder / "model").mkdir()
        with local_stack(folder / "home") as stack:
            stack.deploy(folder / "model")
            for count in (rows // 4, rows):
                for way in ("asynchronous", "batch_transform"):
                    figures[way].append(measure_one(stack, folder, way, count))
            figures["fifty_files_at_once"] = measure_crowd(stack, folder)
    write_result("scoring", figures)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
