"""One target under atheris: `python -m tests.fuzz.driver TARGET CORPUS [libFuzzer's options]`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["windfall", "windfall_local"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Attack until the time is up, or something breaks."""
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target.attack)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
