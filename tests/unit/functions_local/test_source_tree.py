"""Code on disk."""

from __future__ import annotations

import sys
from pathlib import Path

from windfall_local.functions import source_tree
from windfall_local.functions.source_tree import SourceTrees


def test_a_changed_file_changes_the_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    source = tmp_path / "package" / "main.py"
    source.write_text("1")
    before = SourceTrees().fingerprint((str(tmp_path),))
    assert SourceTrees().fingerprint((str(tmp_path),)) == before
    source.write_text("22")
    assert SourceTrees().fingerprint((str(tmp_path),)) != before


def test_compiled_files_do_not_change_it(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("1")
    before = SourceTrees().fingerprint((str(tmp_path),))
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "main.pyc").write_text("x")
    assert SourceTrees().fingerprint((str(tmp_path),)) == before


def test_layers_follow_the_code_on_the_import_path(tmp_path: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = tmp_path / "layer" / "python" / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    path = source_tree.import_path("/code", [str(tmp_path / "layer"), str(empty)])
    assert path == ("/code", str(tmp_path / "layer" / "python"), str(packages))
