"""The last link of the chain: a row for each object, and a stamp that it is written."""

import os
from pathlib import Path
from typing import Any

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Write the object's row, then touch a file of its name: both clouds run on this machine."""
    key = event["detail"]["object"]["key"]
    table.put_item(Item={"pk": key, "size": event["detail"]["object"]["size"]})
    (Path(os.environ["STAMPS"]) / key).touch()
    return {"key": key}
