"""Layers of dependencies, and what is installed."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.template import TemplateError
from windfall_local.template.requirements import check_dependencies, parse_requirements, runs_here


def build(directory: Path, tag: str, package_version: str = "") -> None:
    info = directory / "python" / "pytest-1.dist-info"
    info.mkdir(parents=True)
    (info / "WHEEL").write_text(f"Wheel-Version: 1.0\nTag: {tag}\n")
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: pytest\nVersion: {package_version}\n"
    )


def test_a_layer_without_a_build_does_not_run(tmp_path: Path) -> None:
    assert not runs_here(tmp_path)


def test_pure_packages_run_anywhere(tmp_path: Path) -> None:
    build(tmp_path, "py3-none-any")
    assert runs_here(tmp_path)


def test_packages_for_another_interpreter_do_not(tmp_path: Path) -> None:
    build(tmp_path, "cp39-cp39-manylinux2014_s390x")
    assert not runs_here(tmp_path)


def test_what_is_built_for_another_interpreter_is_checked_by_its_metadata(tmp_path: Path) -> None:
    build(tmp_path, "cp39-cp39-manylinux2014_s390x", version("pytest"))
    check_dependencies("Layer", tmp_path)


def test_another_version_is_told(tmp_path: Path) -> None:
    build(tmp_path, "cp39-cp39-manylinux2014_s390x", "0.1")
    with pytest.raises(TemplateError, match=r"pytest==0\.1 \(installed: "):
        check_dependencies("Layer", tmp_path)


def test_a_requirement_for_elsewhere_does_not_count(tmp_path: Path) -> None:
    text = "nothing==1; python_version < '3'\npytest\n"
    (tmp_path / "requirements.txt").write_text(text)
    check_dependencies("Layer", tmp_path)


def test_an_empty_layer_is_told(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="neither"):
        check_dependencies("Layer", tmp_path)


def test_what_is_no_requirement_is_told(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="is no requirement"):
        list(parse_requirements("???", "file"))


names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
versions = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}", fullmatch=True)


@given(st.dictionaries(names, versions, max_size=6))
def test_pins_with_hashes_are_read(pins: dict[str, str]) -> None:
    lines = [
        f"{name}=={pin} \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n    # via other\n"
        for name, pin in pins.items()
    ]
    found = list(parse_requirements("--index x\n# comment\n" + "".join(lines), "file"))
    assert {one.name: str(one.specifier) for one in found} == {
        name: f"=={pin}" for name, pin in pins.items()
    }
