"""What a `ResultWriter` makes of the results of a distributed Map's child executions.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.workflows.definition import ResultWriter
from windfall_local.workflows.documents import dump, load
from windfall_local.workflows.failures import StateFailure
from windfall_local.workflows.shapes import iso_time

WRITER_FAILED = "States.ResultWriterFailed"
TRANSFORMATIONS = ("NONE", "COMPACT", "FLATTEN")
OUTPUT_TYPES = ("JSON", "JSONL")

_FILE_BYTES = 8_000_000
"""From this size on a further file is begun; AWS's are up to 5 GB."""


def described(child: Mapping[str, Any]) -> dict[str, Any]:
    """A child execution as result files show it: its outcome with all that is known of it."""
    failed = child["status"] != "SUCCEEDED"
    entry: dict[str, Any] = {
        "ExecutionArn": child["arn"],
        "Input": child["input"],
        "InputDetails": {"Included": True},
        "Name": child["arn"].rpartition(":")[2],
        "RedriveCount": child.get("redrives", 0),
        "RedriveStatus": "REDRIVABLE_BY_MAP_RUN" if failed else "NOT_REDRIVABLE",
        "StartDate": iso_time(child["started"]),
        "StateMachineArn": child["machine"],
        "Status": child["status"],
        "StopDate": iso_time(child["stopped"]),
    }
    if child["output"] is not None:
        entry |= {"Output": child["output"], "OutputDetails": {"Included": True}}
    for name in ("error", "cause"):
        if child[name] is not None:
            entry[name.capitalize()] = child[name]
    return entry


def transformed(children: Iterable[Mapping[str, Any]], transformation: str) -> list[Any]:
    """The results of children in their order; those of failed ones stay whole."""
    results: list[Any] = []
    for child in children:
        if child["status"] != "SUCCEEDED" or transformation == "NONE":
            results.append(described(child))
            continue
        output = load(child["output"])
        if transformation == "FLATTEN" and isinstance(output, list):
            results += output
        else:
            results.append(output)
    return results


async def write_results(
    writer: ResultWriter,
    place: Mapping[str, Any],
    run: tuple[str, str],
    children: Sequence[Mapping[str, Any]],
    pending: Sequence[str],
    cloud: Cloud,
    caller: Principal,
) -> dict[str, Any]:
    """Write result files and their manifest; the bucket and key of the manifest.

    Args:
        writer: The writer, as the definition has it.
        place: Bucket and Prefix.
        run: The map run's ARN and its id.
        children: Those that ended.
        pending: The inputs of those that were never started.
        cloud: Answers S3's calls.
        caller: Who writes.

    Raises:
        StateFailure: `States.ResultWriterFailed`.
    """
    bucket, prefix = place["Bucket"], str(place.get("Prefix", "")).strip("/")
    folder = f"{prefix}/{run[1]}" if prefix else run[1]
    failed = [child for child in children if child["status"] != "SUCCEEDED"]
    succeeded = [child for child in children if child["status"] == "SUCCEEDED"]
    groups: dict[str, list[Any]] = {
        "FAILED": transformed(failed, writer.transformation),
        "PENDING": [{"Input": text, "Status": "PENDING"} for text in pending],
        "SUCCEEDED": transformed(succeeded, writer.transformation),
    }
    files: dict[str, list[dict[str, Any]]] = {}
    try:
        for status, entries in groups.items():
            files[status] = []
            for number, body in enumerate(_bodies(entries, writer.output_type)):
                key = f"{folder}/{status}_{number}.{writer.output_type.lower()}"
                parameters = {"Bucket": bucket, "Key": key, "Body": body}
                await cloud.call("s3", "PutObject", parameters, caller)
                files[status].append({"Key": key, "Size": len(body)})
        manifest = {"DestinationBucket": bucket, "MapRunArn": run[0], "ResultFiles": files}
        key = f"{folder}/manifest.json"
        parameters = {"Bucket": bucket, "Key": key, "Body": dump(manifest).encode()}
        await cloud.call("s3", "PutObject", parameters, caller)
    except ServiceError as error:
        raise StateFailure(WRITER_FAILED, str(error)) from error
    return {"Bucket": bucket, "Key": key}


def _bodies(entries: Iterable[Any], output_type: str) -> Iterable[bytes]:
    texts: list[str] = []
    size = 0
    for entry in entries:
        texts.append(dump(entry))
        size += len(texts[-1])
        if size >= _FILE_BYTES:
            yield _body(texts, output_type)
            texts, size = [], 0
    if texts:
        yield _body(texts, output_type)


def _body(texts: Sequence[str], output_type: str) -> bytes:
    if output_type == "JSONL":
        return "".join(f"{text}\n" for text in texts).encode()
    return f"[{','.join(texts)}]".encode()
