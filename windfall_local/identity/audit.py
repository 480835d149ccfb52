"""Which permissions were needed: one line for each that a role used, or lacked.

A line is written when a permission is needed for the first time, so the file stays small however
long the cloud runs, and what a role does not need can be read off it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windfall_local.identity.conditions import Context

_OF_THE_MOMENT = frozenset({"aws:currenttime", "aws:epochtime", "aws:userid"})


class PermissionAudit:
    """Keeps every distinct need of every role.

    Args:
        path: JSON Lines, appended to; members `role`, `action`, `resource`, `context`, `allowed`.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._seen: set[str] = set()

    def note(self, role: str, action: str, resource: str, context: Context, allowed: bool) -> None:
        """Take notice of one decision."""
        line = json.dumps(
            {
                "role": role,
                "action": action,
                "resource": resource,
                "context": _lasting(context),
                "allowed": allowed,
            },
            sort_keys=True,
        )
        if line not in self._seen:
            self._seen.add(line)
            self._file.write(line + "\n")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _lasting(context: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: list(values) for name, values in context.items() if name not in _OF_THE_MOMENT}
