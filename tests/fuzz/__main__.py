"""Attacks every parser: `python -m tests.fuzz [--seconds 600] [TARGET …]` (or `make fuzz`).

Each target runs in a process of its own under atheris (libFuzzer), which follows the coverage of
our code. What breaks a target is kept in `tests/fuzz/corpus/<target>/`, and from then on
`tests/unit/test_fuzz_corpus.py` has it as a test.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import CORPUS, MOST_SECONDS, TARGETS, inputs

_MOST_MEGABYTES = 2_048
_MOST_BYTES = 20_000


def main() -> int:
    """Run the targets side by side in turn; 1 when something was found."""
    arguments = argparse.ArgumentParser(prog="python -m tests.fuzz")
    arguments.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    arguments.add_argument("--seconds", type=int, default=600, help="for all of them together")
    asked = arguments.parse_args()
    names = asked.targets or list(TARGETS)
    share = max(1, asked.seconds // len(names))
    broken = [name for name in names if not _attack(name, share)]
    sys.stdout.write(f"{len(names) - len(broken)} of {len(names)} targets held\n")
    for name in broken:
        sys.stdout.write(f"broken: {name}, see {CORPUS / name}\n")
    return 1 if broken else 0


def _attack(name: str, seconds: int) -> bool:
    found = CORPUS / name
    with tempfile.TemporaryDirectory() as folder:
        for number, (_, data) in enumerate(inputs(name)):
            (Path(folder) / str(number)).write_bytes(data)
        found.mkdir(parents=True, exist_ok=True)
        command = [
            *(sys.executable, "-m", "tests.fuzz.driver", name, folder),
            f"-max_total_time={seconds}",
            f"-timeout={MOST_SECONDS}",
            f"-rss_limit_mb={_MOST_MEGABYTES}",
            f"-max_len={_MOST_BYTES}",
            f"-artifact_prefix={found}/",
            "-print_final_stats=1",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    runs = [line for line in done.stderr.splitlines() if "number_of_executed_units" in line]
    sys.stdout.write(f"{name}: {runs[0].split()[-1] if runs else 'no'} inputs in {seconds} s\n")
    sys.stdout.flush()
    if done.returncode:
        sys.stdout.write(done.stdout[-3000:] + done.stderr[-3000:])
    if not any(found.iterdir()):
        found.rmdir()
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
