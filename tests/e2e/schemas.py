"""The schemas that the project publishes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs/schemas"


def schema(name: str) -> Any:
    """A published JSON Schema."""
    return json.loads((FOLDER / f"{name}.json").read_text())
