"""What broke off is asked for again: it comes to a good end, and what was paid for is used."""

from __future__ import annotations

from typing import Any

from bench.chaos.folders import Folders
from bench.chaos.lives import Cloud
from bench.chaos.looking import look
from bench.chaos.supplies import Supplies
from tests.e2e.deployment import Deployment, until
from windfall import identity

_TIMES = 6
"""How often is asked again at most: what stops executions may be about still."""


def again(
    cloud: Cloud,
    supplies: Supplies,
    folders: Folders,
    accepted: dict[str, str],
    patience_seconds: float,
) -> dict[str, Any]:
    """Ask again for what did not end well; the figures after it, and what has not even so."""
    figures = look(cloud, accepted, patience_seconds)
    asked = 0
    for _ in range(_TIMES):
        broken = list(figures["files_not_analyzed"])
        if not (broken or folders.not_translated()):
            break
        _ask(supplies.deployment, {key: accepted[key] for key in broken}, patience_seconds)
        asked += len(broken) + len(folders.not_translated())
        folders.ask_again()
        figures = look(cloud, accepted, patience_seconds)
    figures["folders_not_translated"] = folders.not_translated()
    return {"asked_for": asked, **figures}


def _ask(deployment: Deployment, versions: dict[str, str], seconds: float) -> None:
    """Ask for files again, and wait until each is taken on."""
    bucket = deployment.output("InboxBucketName")
    names = {key: identity.file_id(bucket, key, version) for key, version in versions.items()}

    def revisions() -> dict[str, int]:
        return {name: row.revision for name, row in deployment.reader.files(names.values()).items()}

    before = revisions()
    for key, version in versions.items():
        deployment.request(bucket=bucket, key=key, version_id=version, rerun=True)
    until(
        lambda: all(now > before[name] for name, now in revisions().items()),
        "files that were asked for again",
        seconds,
    )
