"""A local cloud with the whole template, as `windfall up` runs it, and a list of what it sold.

    python -m bench.chaos.cloud FOLDER PORT [SEED FAULT…]    # runs until its standard input ends

Every paid call of an AI service is written to `FOLDER/sold.jsonl` when it is answered: a call that
a kill interrupts was not answered, and so not paid.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import uvloop

from windfall_local.api import CallContext
from windfall_local.cloud import LocalCloud
from windfall_local.faults.rules import Rule, parse_rule
from windfall_local.template.provision import provision_template

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
SOLD = "sold.jsonl"

_SELLERS = (
    *("rekognition", "comprehend", "translate", "polly", "transcribe"),
    *("sagemaker", "sagemaker-runtime"),
)
_SALES = (
    *("BatchDetect", "Compare", "Contains", "Detect", "Recognize", "Start", "Synthesize"),
    *("CreateTrainingJob", "CreateTransformJob", "CreateProcessingJob", "InvokeEndpoint"),
)
_NAMES = (
    *("TranscriptionJobName", "TrainingJobName", "TransformJobName", "ProcessingJobName"),
    "ClientRequestToken",
)
"""What calls a job by its name, or makes the same again the same job."""

Call = Callable[[str, dict[str, Any], CallContext], Awaitable[Any]]


class SellingCloud(LocalCloud):
    """Writes every sale down."""

    def _build_services(self) -> None:
        super()._build_services()
        sold = os.open(self.data_dir / SOLD, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._tidying.callback(os.close, sold)
        for name in _SELLERS:
            service: Any = self.services[name]
            service.call = _selling(name, service.call, sold)


def _selling(service: str, call: Call, sold: int) -> Call:
    async def sell(operation: str, parameters: dict[str, Any], context: CallContext) -> Any:
        answer = await call(operation, parameters, context)
        if operation.startswith(_SALES) or operation in ("TranslateText", "TranslateDocument"):
            text = json.dumps(parameters, sort_keys=True, default=_digest)
            name = next((parameters[one] for one in _NAMES if parameters.get(one)), None)
            sale = {"service": service, "operation": operation, "job": name, "at": time.time()}
            sale["id"] = answer.get("JobId") if isinstance(answer, dict) else None
            sale["content"] = hashlib.sha256(text.encode()).hexdigest()
            os.write(sold, json.dumps(sale).encode() + b"\n")
        return answer

    return sell


def _digest(value: Any) -> str:
    return hashlib.sha256(value if isinstance(value, bytes) else repr(value).encode()).hexdigest()


async def _serve(folder: Path, port: int, seed: int, faults: Sequence[Rule]) -> None:
    async with SellingCloud.run(folder, port=port, faults=faults, fault_seed=seed) as cloud:
        # Clarify is off unless it is asked for: it is closed to new accounts.
        await provision_template(cloud, TEMPLATE, parameters={"UseClarify": "true"})
        gc.freeze()
        gc.enable()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    gc.disable()
    folder, port, *more = sys.argv[1:]
    wrong = [parse_rule(text) for text in more[1:]]
    uvloop.run(_serve(Path(folder), int(port), int(more[0]) if more else 0, wrong))
