"""What provisioning left behind: a stack, kept in `stack.json` of the data directory."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from windfall_local.api import ACCOUNT

FILE_NAME = "stack.json"
_SUFFIX_LENGTH = 12
_MAX_NAME = 63


@dataclass(slots=True)
class StackResource:
    """A resource of a stack.

    Attributes:
        physical_id: What `Ref` gives.
        digest: Of its resolved properties, to see whether they changed.
        retained: It stays when it leaves the template.
        updated: ISO 8601.
    """

    type: str
    physical_id: str
    attributes: dict[str, Any]
    digest: str
    retained: bool
    updated: str


@dataclass(slots=True)
class Output:
    """A value that the template publishes."""

    value: str
    description: str = ""


@dataclass(slots=True)
class Stack:
    """A provisioned template.

    Attributes:
        skipped: What has no local meaning, and why.
        created: ISO 8601, as is `updated`.
    """

    name: str
    region: str
    template: str
    parameters: dict[str, str]
    created: str
    updated: str
    description: str = ""
    resources: dict[str, StackResource] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its `StackId`."""
        return f"arn:aws:cloudformation:{self.region}:{ACCOUNT}:stack/{self.name}/local"

    def save(self, data_dir: Path) -> None:
        """Keep it, whole or not at all."""
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = data_dir / f"{FILE_NAME}.tmp"
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        os.replace(draft, data_dir / FILE_NAME)  # noqa: PTH105, RUF100 - atomic

    @classmethod
    def load(cls, data_dir: Path) -> Stack | None:
        """The stack of a data directory, `None` when there is none yet."""
        path = data_dir / FILE_NAME
        if not path.exists():
            return None
        document = json.loads(path.read_text())
        resources = {key: StackResource(**one) for key, one in document.pop("resources").items()}
        outputs = {key: Output(**one) for key, one in document.pop("outputs").items()}
        return cls(**document, resources=resources, outputs=outputs)


def physical_name(stack: str, logical_id: str) -> str:
    """`<stack>-<LogicalId>-<suffix>` in 63 characters, the same every time."""
    digest = hashlib.sha256(f"{stack}/{logical_id}".encode()).digest()
    suffix = base64.b32encode(digest).decode()[:_SUFFIX_LENGTH]
    start = f"{stack}-{logical_id}"[: _MAX_NAME - _SUFFIX_LENGTH - 1].rstrip("-")
    return f"{start}-{suffix}"
