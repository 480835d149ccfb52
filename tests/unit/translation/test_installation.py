"""Which pairs an Apertium has is read from its mode files."""

from pathlib import Path

import pytest

from windfall_local.engines import EngineUnavailableError, UnsupportedFeatureError
from windfall_local.engines.translation.installation import (
    Installation,
    find_installation,
    find_route,
)


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    modes = tmp_path / "share/apertium/modes"
    modes.mkdir(parents=True)
    for name in ("eng-spa", "spa-eng", "spa-eng_US", "es-pt", "es-pt_BR", "eco-fr-es", "spa-arg"):
        (modes / f"{name}.mode").write_text(
            f"lt-proc '/usr/share/apertium/{name}.bin' | lt-proc $1 '/usr/share/a b.bin' $2\n"
        )
    return tmp_path


def test_pairs_have_two_letter_codes_and_prefer_the_larger_country(prefix: Path) -> None:
    modes = Installation(prefix).modes()
    assert {pair: file.stem for pair, file in modes.items()} == {
        ("en", "es"): "eng-spa",
        ("es", "en"): "spa-eng_US",
        ("es", "pt"): "es-pt_BR",
        ("es", "pt-PT"): "es-pt",
    }


def test_an_unpacked_installation_finds_its_data_beside_its_programs(prefix: Path) -> None:
    found = Installation(prefix)
    stages = found.stages(found.modes()["en", "es"])
    assert stages == [
        [f"{prefix}/bin/lt-proc", "-z", f"{prefix}/share/apertium/eng-spa.bin"],
        [f"{prefix}/bin/lt-proc", "-z", "-n", f"{prefix}/share/a b.bin"],
    ]


def test_a_prefix_of_the_users_goes_first(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDFALL_APERTIUM", str(prefix))
    assert find_installation().prefix == prefix


def test_an_empty_prefix_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDFALL_APERTIUM", str(tmp_path))
    with pytest.raises(EngineUnavailableError, match=str(tmp_path)):
        find_installation()


def test_the_way_with_the_fewest_pairs_is_taken() -> None:
    pairs = {("en", "es"), ("es", "ca"), ("ca", "fr"), ("es", "fr")}
    assert find_route(pairs, "en", "fr") == [("en", "es"), ("es", "fr")]


@pytest.mark.parametrize("target", ["de", "en"])
def test_where_no_way_leads_is_said(target: str) -> None:
    with pytest.raises(UnsupportedFeatureError, match=f"from en to {target}"):
        find_route({("en", "es")}, "en", target)
