"""A model of the user's own: what is missing is named."""

from pathlib import Path

import pytest

from windfall_local.engines import EngineUnavailableError, UnsupportedFeatureError
from windfall_local.engines.translation.ctranslate2 import CTranslate2Engine


def test_pairs_are_the_folders_names(tmp_path: Path) -> None:
    for name in ("en-es", "en-pt-PT", "notes"):
        (tmp_path / name).mkdir()
    assert CTranslate2Engine(tmp_path).targets() == {"en": ["es", "pt-PT"]}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="no folder"):
        CTranslate2Engine(tmp_path / "none").targets()


def test_a_folder_without_models_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="en-es"):
        CTranslate2Engine(tmp_path).targets()


def test_a_pair_without_a_model_is_unsupported(tmp_path: Path) -> None:
    (tmp_path / "en-es").mkdir()
    with pytest.raises(UnsupportedFeatureError, match="es-en"):
        CTranslate2Engine(tmp_path).translate("a", "es", "en")


def test_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "en-es").mkdir()
    (tmp_path / "en-es/model.bin").write_bytes(b"")
    with pytest.raises(EngineUnavailableError, match=r"source\.spm, target\.spm"):
        CTranslate2Engine(tmp_path).translate("a", "en", "es")


def test_missing_packages_or_a_broken_model_are_told(tmp_path: Path) -> None:
    (tmp_path / "en-es").mkdir()
    for name in ("model.bin", "source.spm", "target.spm"):
        (tmp_path / "en-es" / name).write_bytes(b"broken")
    with pytest.raises(EngineUnavailableError, match=r"pip install|can't be loaded"):
        CTranslate2Engine(tmp_path).translate("a", "en", "es")
