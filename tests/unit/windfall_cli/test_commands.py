"""Commands without a stack: what they say, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from windfall_cli.commands.drop import files_to_drop
from windfall_cli.errors import CommandError
from windfall_cli.main import app


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDFALL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WINDFALL_MODELS", str(tmp_path / "models"))


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["show", "photo.jpg"],
        ["trace", "photo.jpg"],
        ["drop", __file__],
        ["profile", "list"],
        ["browse"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_without_a_local_cloud_a_command_says_how_to_start_one(arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert code == 1
    assert out == ""
    assert "No local cloud is running." in err
    assert "windfall up" in err


def test_ending_no_cloud_is_fine() -> None:
    assert run("down")[0] == 0


def test_up_names_a_template_that_is_not_there() -> None:
    code, _, err = run("up", "--template", "nowhere.yaml")
    assert code == 1
    assert "nowhere.yaml" in err


def test_up_says_what_a_fault_looks_like() -> None:
    code, _, err = run("up", "--fault", "s3:*=fire")
    assert code == 1
    assert "SERVICE:OPERATION=KIND" in err


def test_models_tells_what_is_missing_as_json() -> None:
    code, out, _ = run("models", "list", "--json")
    models = {model["name"]: model for model in json.loads(out)}
    assert code == 0
    assert models["centernet"]["status"] == "missing"
    assert models["centernet"]["licence"]


def test_doctor_names_a_remedy_for_everything_that_lacks() -> None:
    code, out, _ = run("doctor", "--json")
    lacking = [finding for finding in json.loads(out) if not finding["ok"]]
    assert code == 1
    assert lacking
    assert all(finding["remedy"] for finding in lacking)


def test_a_broken_profile_is_named_with_its_field(tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text('{"image": {"min_confidence": 200}}')
    code, _, err = run("profile", "save", "bad", str(profile))
    assert code == 1
    assert "image.min_confidence" in err


def test_a_folder_is_dropped_with_its_paths_and_without_unfinished_files(tmp_path: Path) -> None:
    for name in ("a.txt", "inner/b.jpg", ".hidden", "half.part"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    assert [key for _, key in files_to_drop([tmp_path])] == ["a.txt", "inner/b.jpg"]
    assert [key for _, key in files_to_drop([tmp_path / "inner/b.jpg"])] == ["b.jpg"]


def test_dropping_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no file .*gone\.txt"):
        list(files_to_drop([tmp_path / "gone.txt"]))
    with pytest.raises(CommandError, match="nothing to drop"):
        list(files_to_drop([tmp_path]))


def test_files_are_estimated_without_a_cloud_and_what_no_service_takes_is_named(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.txt").write_text("The ship is in the harbour and waits for the storm.")
    (tmp_path / "b.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    code, out, _ = run("estimate", str(tmp_path), "--targets", "es", "--json")
    assert code == 0
    document = json.loads(out)
    text, archive = document["files"]
    assert text["estimate"]["cost"] == document["total"] > 0
    assert "translation.es" in document["features"]
    assert archive["estimate"] is None
    assert "archive" in archive["rejected"]
    code, out, _ = run("estimate", str(tmp_path))
    assert code == 0
    assert "would be rejected" in out
    assert "By list prices of" in out


def test_what_lies_in_s3_is_estimated_with_a_stack_only() -> None:
    code, _, err = run("estimate", "s3://archive/photos")
    assert code == 1
    assert "No local cloud is running." in err
