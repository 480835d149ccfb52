"""What a container that works to an end is told, and how it says that it can't."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

USERS_FAULT = 2
"""The exit code with which AWS's algorithms blame the user."""


class UserError(Exception):
    """The job can't be done as it was asked for; the message is for the user."""


def read_config(base: Path, name: str) -> Any:
    """One of the documents in `input/config`."""
    path = base / "input" / "config" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def import_xgboost() -> None:
    """Import XGBoost without scikit-learn, which it would import first: that takes a second more.

    Only for a process of the built-in algorithm, which uses nothing that XGBoost has for it.
    """
    absent: Any = None
    sys.modules["sklearn"] = absent
    try:
        import xgboost  # noqa: F401, PLC0415 - for its effect, here
    finally:
        del sys.modules["sklearn"]
