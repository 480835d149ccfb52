"""The models directory, with a source that fetches nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from windfall_local.engines import EngineUnavailableError
from windfall_local.engines.models import ModelStore
from windfall_local.engines.models.catalogue import CATALOGUE, SOURCES
from windfall_local.engines.models.npm import ARCHIVE_SHA512, CUTS, NpmSource, check_archive
from windfall_local.engines.models.sources import Model, Progress, sha256_of

CONTENT = b"a model"


def model(name: str = "cat", path: str = "vision/cat.onnx", **changes: object) -> Model:
    plain = Model(
        name=name,
        version="1",
        serves="finds cats",
        source="fake",
        package="cats",
        path=path,
        size=7,
        licence="MIT",
        provenance="nowhere",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


class FakeSource:
    name = "fake"

    def __init__(self, content: bytes = CONTENT, obstacle: str | None = None) -> None:
        self.content = content
        self.fetched: list[str] = []
        self._obstacle = obstacle

    def obstacle(self) -> str | None:
        return self._obstacle

    def install(self, models: Sequence[Model], staging: Path, progress: Progress) -> None:
        for one in models:
            self.fetched.append(one.name)
            target = staging / one.path
            target.parent.mkdir(parents=True, exist_ok=True)
            if one.path.endswith(".onnx"):
                target.write_bytes(self.content)
            else:
                target.mkdir()
                (target / "part").write_bytes(self.content)


def store(folder: Path, source: FakeSource, *models: Model) -> ModelStore:
    return ModelStore(folder, models or (model(),), {"fake": source})


def test_a_pulled_model_is_found_and_its_bytes_verify(tmp_path: Path) -> None:
    models = store(tmp_path, FakeSource())
    steps: list[str] = []
    (state,) = models.pull(progress=steps.append)
    assert (state.status, state.size) == ("installed", 7)
    assert models.require("cat").read_bytes() == CONTENT
    assert models.verify("cat")
    assert steps == ["cat: installed"]


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="windfall models pull"):
        store(tmp_path, FakeSource()).require("cat")


def test_pulling_again_fetches_nothing(tmp_path: Path) -> None:
    source = FakeSource()
    models = store(tmp_path, source)
    models.pull()
    models.pull()
    assert source.fetched == ["cat"]


def test_a_model_that_is_not_the_pinned_one_is_not_installed(tmp_path: Path) -> None:
    models = store(tmp_path, FakeSource(b"another"))
    with pytest.raises(EngineUnavailableError, match="not what was pinned"):
        models.pull()
    assert [state.status for state in models.states()] == ["missing"]
    assert not list(tmp_path.glob(".pull-*"))


def test_a_new_version_is_outdated_until_it_is_pulled(tmp_path: Path) -> None:
    store(tmp_path, FakeSource()).pull()
    newer = store(tmp_path, FakeSource(), model(version="2"))
    assert [state.status for state in newer.states()] == ["outdated"]
    assert [state.status for state in newer.pull()] == ["installed"]


def test_a_new_conversion_of_the_same_version_is_outdated_too(tmp_path: Path) -> None:
    store(tmp_path, FakeSource()).pull()
    changed = store(tmp_path, FakeSource(), model(sha256="0" * 64))
    assert [state.status for state in changed.states()] == ["outdated"]


def test_a_folder_replaces_the_folder_of_an_older_version(tmp_path: Path) -> None:
    folder = model("pair", "pair", sha256=None)
    store(tmp_path, FakeSource(b"old"), folder).pull()
    newer = store(tmp_path, FakeSource(b"newer"), replace(folder, version="2"))
    newer.pull()
    assert (newer.require("pair") / "part").read_bytes() == b"newer"
    assert newer.verify("pair")


def test_a_changed_file_no_longer_verifies(tmp_path: Path) -> None:
    models = store(tmp_path, FakeSource())
    models.pull()
    models.require("cat").write_bytes(b"changed")
    assert not models.verify("cat")


def test_a_source_that_cannot_be_used_is_passed_over_with_its_reason(tmp_path: Path) -> None:
    models = store(tmp_path, FakeSource(obstacle="no npm here"))
    steps: list[str] = []
    assert [state.status for state in models.pull(progress=steps.append)] == ["missing"]
    assert steps == ["cat: no npm here"]


def test_a_source_that_cannot_be_used_fails_what_was_asked_for_by_name(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="no npm here"):
        store(tmp_path, FakeSource(obstacle="no npm here")).pull(["cat"])


def test_only_what_is_named_is_pulled(tmp_path: Path) -> None:
    source = FakeSource()
    store(tmp_path, source, model(), model("dog", "vision/dog.onnx")).pull(["dog"])
    assert source.fetched == ["dog"]


def test_the_directory_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDFALL_MODELS", str(tmp_path / "elsewhere"))
    assert ModelStore().directory == tmp_path / "elsewhere"


def test_a_folders_digest_depends_on_names_and_contents(tmp_path: Path) -> None:
    digests = set()
    for name, content in (("a", b"1"), ("b", b"1"), ("a", b"2")):
        folder = tmp_path / f"{name}{content.decode()}"
        folder.mkdir()
        (folder / name).write_bytes(content)
        digests.add(sha256_of(folder))
    assert len(digests) == 3


def test_every_model_states_licence_provenance_and_a_known_source() -> None:
    for one in CATALOGUE:
        assert one.licence
        assert one.provenance
        assert one.source in SOURCES
    assert len({one.name for one in CATALOGUE}) == len(CATALOGUE)


def test_an_archive_other_than_the_pinned_one_is_refused() -> None:
    with pytest.raises(EngineUnavailableError, match="not the pinned one"):
        check_archive(b"something else")
    assert ARCHIVE_SHA512.startswith("sha512-")


def test_a_wrong_archive_installs_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "human.tgz"
    archive.write_bytes(b"not it")
    models = [one for one in CATALOGUE if one.source == "npm"]
    with pytest.raises(EngineUnavailableError):
        NpmSource(archive).install(models, tmp_path / "staging", lambda _: None)
    assert {one.name for one in models} == set(CUTS)
    assert not (tmp_path / "staging").exists()
