"""The models directory: what is installed, what is missing, and how it gets there."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from windfall_local.engines import EngineUnavailableError
from windfall_local.engines.models.catalogue import CATALOGUE, SOURCES
from windfall_local.engines.models.sources import (
    Model,
    Progress,
    Source,
    sha256_of,
    silent,
    size_of,
)

RECORD = "installed.json"


def models_directory() -> Path:
    """Where models lie: `WINDFALL_MODELS`, else the user's cache."""
    chosen = os.environ.get("WINDFALL_MODELS")
    if chosen:
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "windfall" / "models"


@dataclass(frozen=True, slots=True)
class ModelState:
    """One line of `windfall models list`.

    Attributes:
        model: What the catalogue says.
        status: `outdated` is installed from another version or by another conversion.
        path: Where it lies, or will lie.
        size: Bytes on disk; the catalogue's figure while it is missing.
        obstacle: Why this machine can't fetch it; None when it can.
    """

    model: Model
    status: Literal["installed", "outdated", "missing"]
    path: Path
    size: int
    obstacle: str | None


class ModelStore:
    """The models directory.

    Args:
        directory: Where models lie; `models_directory()` by default.
        catalogue: What there is to install.
        sources: By name, what brings a model.
    """

    def __init__(
        self,
        directory: Path | None = None,
        catalogue: Sequence[Model] | None = None,
        sources: Mapping[str, Source] | None = None,
    ) -> None:
        self.directory = directory or models_directory()
        self._catalogue = {model.name: model for model in (catalogue or CATALOGUE)}
        self._sources = SOURCES if sources is None else sources

    def states(self) -> list[ModelState]:
        """Every model of the catalogue, with its state here."""
        record = self._read_record()
        return [self._state(model, record) for model in self._catalogue.values()]

    def require(self, name: str) -> Path:
        """Where an installed model lies.

        Raises:
            EngineUnavailableError: It is not installed; the message says how to get it.
        """
        model = self._catalogue[name]
        path = self.directory / model.path
        if not path.exists():
            raise EngineUnavailableError(
                f"The model {name} ({model.serves}) is not installed: run `windfall models pull`."
            )
        return path

    def pull(
        self, names: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[ModelState]:
        """Fetch what is missing or outdated, of these models or of all; return every state.

        Safe to repeat and to run twice at once. A model appears whole or not at all. A source
        that this machine can't use is passed over with its reason, unless it was asked for by
        name.

        Raises:
            EngineUnavailableError: A model could not be fetched or is not what is pinned.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._locked():
            wanted = [
                state
                for state in self.states()
                if state.status != "installed" and (names is None or state.model.name in names)
            ]
            for source in dict.fromkeys(state.model.source for state in wanted):
                group = [state for state in wanted if state.model.source == source]
                obstacle = group[0].obstacle
                if obstacle is None:
                    self._install([state.model for state in group], progress)
                elif names is None:
                    progress(f"{', '.join(s.model.name for s in group)}: {obstacle}")
                else:
                    raise EngineUnavailableError(obstacle)
        return self.states()

    def verify(self, name: str) -> bool:
        """Whether an installed model still is, byte for byte, what was installed."""
        recorded = self._read_record().get(name)
        path = self.directory / self._catalogue[name].path
        return recorded is not None and path.exists() and sha256_of(path) == recorded["sha256"]

    def _state(self, model: Model, record: dict[str, Any]) -> ModelState:
        path = self.directory / model.path
        recorded = record.get(model.name)
        status: Literal["installed", "outdated", "missing"] = "missing"
        size = model.size
        if path.exists() and recorded is not None:
            current = recorded["version"] == model.version and model.sha256 in (
                None,
                recorded["sha256"],
            )
            status, size = "installed" if current else "outdated", recorded["size"]
        source = self._sources.get(model.source)
        obstacle = source.obstacle() if source else f"No source is called {model.source}."
        return ModelState(model, status, path, size, obstacle)

    def _install(self, models: Sequence[Model], progress: Progress) -> None:
        with tempfile.TemporaryDirectory(prefix=".pull-", dir=self.directory) as temporary:
            staging = Path(temporary)
            self._sources[models[0].source].install(models, staging, progress)
            for model in models:
                self._put_in_place(model, staging)
                progress(f"{model.name}: installed")

    def _put_in_place(self, model: Model, staging: Path) -> None:
        fresh, target = staging / model.path, self.directory / model.path
        digest, size = sha256_of(fresh), size_of(fresh)
        if model.sha256 not in (None, digest):
            raise EngineUnavailableError(
                f"The model {model.name} is not what was pinned: sha256 {digest} instead of "
                f"{model.sha256}. Nothing was installed of it."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            # A folder can't replace a folder that holds files; the old one goes with staging.
            target.replace(staging / f"{model.name}.old")
        fresh.replace(target)
        record = self._read_record()
        record[model.name] = {
            "version": model.version,
            "package": model.package,
            "sha256": digest,
            "size": size,
            "installed": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        draft = staging / RECORD
        draft.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
        draft.replace(self.directory / RECORD)

    def _read_record(self) -> dict[str, Any]:
        try:
            record: dict[str, Any] = json.loads((self.directory / RECORD).read_text())
        except FileNotFoundError:
            return {}
        return record

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.directory / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def require(name: str) -> Path:
    """Where an installed model lies, in the default directory.

    Raises:
        EngineUnavailableError: It is not installed; the message says how to get it.
    """
    return ModelStore().require(name)
