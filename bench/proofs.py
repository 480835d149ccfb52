"""What the tests prove, in numbers: permissions that are needed, bad inputs that are refused.

    python -m bench.proofs

About four minutes, most of them the local cloud analyzing files of every kind.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from bench.results import write_result

ROOT = Path(__file__).parents[1]
INPUTS = (
    "tests/unit/test_fuzz_corpus.py",
    "tests/unit/admit_file",
    "tests/unit/captions",
    "tests/unit/media",
    "tests/unit/preflight",
    "tests/unit/submit_inference",
    "tests/unit/tables",
    "tests/unit/text",
    "tests/unit/video",
    "tests/unit/vision",
    "tests/e2e/test_admission.py",
    "tests/e2e/test_new_user.py",
    "tests/e2e/test_odd_recordings.py",
    "tests/e2e/test_tables.py",
)
"""Where files and their contents are bad, rather than requests."""
BAD = "refused or rejected or hostile or bomb or truncated or broken or corpus or damaged or inert"


def measure() -> dict[str, Any]:
    """Counts of cases that passed; a case that fails ends the bench."""
    statements = _run("tests/e2e/test_statements.py")
    return {
        "permissions": {
            **{name: int(value) for name, value in _properties(statements).items()},
            "cases of IAM's evaluation": _count(_run("tests/unit/identity")),
        },
        "bad inputs": {
            "cases": _count(_run(*INPUTS, "-k", BAD)),
            "of them found by fuzzing or made for it": _count(
                _run("tests/unit/test_fuzz_corpus.py")
            ),
        },
    }


def _run(*arguments: str) -> ElementTree.Element:
    """Run tests; their report.

    Raises:
        subprocess.CalledProcessError: One failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-o", "junit_family=xunit1"]
        command += [*arguments, f"--junitxml={report}"]
        subprocess.run(command, check=True, cwd=ROOT, stdout=sys.stderr)
        return ElementTree.parse(report).getroot()


def _count(report: ElementTree.Element) -> int:
    return sum(case.find("skipped") is None for case in report.iter("testcase"))


def _properties(report: ElementTree.Element) -> dict[str, str]:
    return {one.attrib["name"]: one.attrib["value"] for one in report.iter("property")}


if __name__ == "__main__":
    write_result("proofs", measure())
