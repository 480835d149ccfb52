"""What the local Lambda knows of functions, layers and mappings, kept in one file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class FunctionRecord:
    """A function.

    Attributes:
        settings: Its configuration, as `CreateFunction` takes it, defaults filled in.
        directory: Where its code lies.
        policy: The statements of its resource policy, by statement id.
        reserved: Its reserved concurrency.
        event_invoke: Its `EventInvokeConfig`, as `PutFunctionEventInvokeConfig` takes it.
    """

    name: str
    arn: str
    settings: dict[str, Any]
    directory: str
    code_sha256: str
    code_size: int
    modified: str
    revision: str
    tags: dict[str, str] = field(default_factory=dict)
    policy: dict[str, dict[str, Any]] = field(default_factory=dict)
    reserved: int | None = None
    event_invoke: dict[str, Any] | None = None

    @property
    def role(self) -> str:
        """The ARN of its execution role."""
        return str(self.settings["Role"])

    @property
    def timeout(self) -> float:
        """Seconds."""
        return float(self.settings["Timeout"])

    @property
    def memory(self) -> int:
        """MB."""
        return int(self.settings["MemorySize"])

    @property
    def is_traced(self) -> bool:
        """Whether Lambda tells X-Ray of its invocations."""
        return bool(self.settings["TracingConfig"]["Mode"] == "Active")

    @property
    def log_group(self) -> str:
        """Where its log goes."""
        configured = self.settings.get("LoggingConfig", {}).get("LogGroup")
        return str(configured or f"/aws/lambda/{self.name}")


@dataclass(slots=True)
class LayerVersion:
    """One version of a layer; `directory` holds a `python/` folder, or nothing at all."""

    name: str
    version: int
    arn: str
    layer_arn: str
    directory: str
    code_sha256: str
    code_size: int
    created: str
    description: str = ""
    runtimes: list[str] = field(default_factory=list)
    architectures: list[str] = field(default_factory=list)
    license: str = ""


@dataclass(slots=True)
class Records:
    """All of them.

    Attributes:
        layers: By ARN with version.
        mappings: Event source mappings by UUID, as `GetEventSourceMapping` answers, dates as text.
    """

    functions: dict[str, FunctionRecord] = field(default_factory=dict)
    layers: dict[str, LayerVersion] = field(default_factory=dict)
    mappings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write them, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(self), indent=1))
        os.replace(draft, path)  # noqa: PTH105, RUF100 - same file system, atomic

    @classmethod
    def load(cls, path: Path) -> Records:
        """Read them, or start with none."""
        if not path.exists():
            return cls()
        document = json.loads(path.read_text())
        return cls(
            {name: FunctionRecord(**record) for name, record in document["functions"].items()},
            {arn: LayerVersion(**layer) for arn, layer in document["layers"].items()},
            document["mappings"],
        )
