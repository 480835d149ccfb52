"""Asks each cloud the same questions, and writes who did right: `bench/results/emulators.json`.

    python -m bench.emulators [CLOUD …]

About five minutes. Installs the peers into `.venv-bench` the first time.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.emulators import insights, patterns, permissions, states, survival
from bench.emulators.clouds import CLOUDS, NAMES, Opener
from bench.emulators.questions import Answer, ask
from bench.results import write_result

QUESTIONS = [
    *patterns.QUESTIONS,
    *states.QUESTIONS,
    *permissions.QUESTIONS,
    *insights.QUESTIONS,
]


def measure(names: list[str]) -> dict[str, Any]:
    """Of each area, how many a cloud got right, and what it got wrong."""
    answers = {name: _ask_all(CLOUDS[name]) for name in names}
    return {"clouds": {name: NAMES[name] for name in names}} | {
        area: {name: _summary(answers[name], area) for name in names}
        for area in dict.fromkeys(area for area, _ in answers[names[0]])
    }


def _ask_all(open_cloud: Opener) -> dict[tuple[str, str], Answer]:
    found: dict[tuple[str, str], Answer] = {}
    with tempfile.TemporaryDirectory() as folder, open_cloud(Path(folder)) as cloud:
        for question in QUESTIONS:
            found[question.area, question.text] = ask(question, cloud)
            sys.stderr.write(
                f"{cloud.name}: {question.text}: {found[question.area, question.text]}\n"
            )
    kept = survival.ask_all(open_cloud)
    return found | {(survival.AREA, text): answer for text, answer in kept.items()}


def _summary(answers: dict[tuple[str, str], Answer], area: str) -> dict[str, Any]:
    of_area = {text: answer for (where, text), answer in answers.items() if where == area}
    wrong = {text: answer.error for text, answer in of_area.items() if not answer.right}
    right = len(of_area) - len(wrong)
    if not right and len(set(wrong.values())) == 1:
        wrong = {"each": next(iter(wrong.values()))}
    return {"asked": len(of_area), "right": right, "wrong": wrong}


if __name__ == "__main__":
    write_result("emulators", measure(sys.argv[1:] or list(CLOUDS)))
