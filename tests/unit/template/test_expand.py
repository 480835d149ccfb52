"""What keeps an expansion between two starts, and when it does not hold any more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from windfall_local.template.expand import expand


def _template(timeout: int) -> dict[str, Any]:
    code = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "CodeUri": "code",
            "Handler": "handler.run",
            "Runtime": "python3.11",
            "Timeout": timeout,
        },
    }
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Admit": code}}


def _expanded(folder: Path, timeout: int = 3, memory: Path | None = None) -> dict[str, Any]:
    (folder / "code").mkdir(exist_ok=True)
    return expand(_template(timeout), folder, {}, "eu-west-1", memory)


def test_an_expansion_that_was_kept_is_the_same(tmp_path: Path) -> None:
    memory = tmp_path / "state" / "expansion.json"
    first = _expanded(tmp_path, memory=memory)
    assert _expanded(tmp_path, memory=memory) == first == _expanded(tmp_path)


def test_a_changed_template_is_expanded_again(tmp_path: Path) -> None:
    memory = tmp_path / "expansion.json"
    _expanded(tmp_path, memory=memory)
    changed = _expanded(tmp_path, timeout=7, memory=memory)
    assert changed["Resources"]["Admit"]["Properties"]["Timeout"] == 7


def test_a_kept_expansion_is_what_is_used(tmp_path: Path) -> None:
    memory = tmp_path / "expansion.json"
    _expanded(tmp_path, memory=memory)
    kept = json.loads(memory.read_text(encoding="utf-8"))
    memory.write_text(json.dumps(kept | {"template": {"Resources": {}}}), encoding="utf-8")
    assert _expanded(tmp_path, memory=memory) == {"Resources": {}}


def test_a_broken_memory_is_written_anew(tmp_path: Path) -> None:
    memory = tmp_path / "expansion.json"
    memory.write_text('{"key": ', encoding="utf-8")
    assert _expanded(tmp_path, memory=memory) == _expanded(tmp_path)
    assert json.loads(memory.read_text(encoding="utf-8"))["template"] == _expanded(tmp_path)
