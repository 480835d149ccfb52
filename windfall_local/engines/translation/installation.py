"""Where Apertium lies, and which pairs of languages it has."""

from __future__ import annotations

import os
import re
import shlex
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from windfall_local.engines import EngineUnavailableError, UnsupportedFeatureError
from windfall_local.engines.models import require

MODEL = "apertium"
PREFIX_VARIABLE = "WINDFALL_APERTIUM"

_CODES = {"eng": "en", "spa": "es", "cat": "ca", "fra": "fr", "por": "pt", "ita": "it"}
_NAME = re.compile(r"([a-z]{2,3})-([a-z]{2,3})(?:_([A-Za-z]+))?")
_TARGETS = {"eng_US": "en", "pt_BR": "pt", "por_BR": "pt", "pt": "pt-PT", "por": "pt-PT"}
"""Modes for a country: plain `pt` is the Brazilian one, as elsewhere in Windfall."""

REMEDY = (
    "Run `windfall models pull apertium` (Debian and its relatives); elsewhere install Apertium "
    f"with the pairs you want and name its prefix in {PREFIX_VARIABLE} (such as /usr/local)."
)


@dataclass(frozen=True, slots=True)
class Installation:
    """One Apertium.

    Attributes:
        prefix: Holds `bin`, `lib` and `share/apertium/modes`.
        written: The prefix that its mode files name, which is another when it was unpacked
            rather than installed.
    """

    prefix: Path
    written: str = "/usr"

    def modes(self) -> dict[tuple[str, str], Path]:
        """The mode file for each pair of languages."""
        found: dict[tuple[str, str], Path] = {}
        folder = self.prefix / "share/apertium/modes"
        # Modes of a country come after the plain ones and go first where there are both.
        for file in sorted(folder.glob("*.mode"), key=lambda file: ("_" in file.stem, file.stem)):
            match = _NAME.fullmatch(file.stem)
            if match is None or match.group(1) not in {*_CODES, *_CODES.values()}:
                continue
            source, target, country = match.groups()
            known = _TARGETS.get(f"{target}_{country}" if country else target)
            if known is None:
                known = None if country else _CODES.get(target, target)
            if known in {*_CODES.values(), "pt-PT"}:
                found[_CODES.get(source, source), str(known)] = file
        return found

    def stages(self, mode: Path) -> list[list[str]]:
        """The programs of a mode and their arguments, each told to flush at a zero byte."""
        line = mode.read_text().strip().splitlines()[-1]
        # $1 is the generator's option: -n leaves out the marks of unknown words. $2 is unused.
        line = line.replace("$1", "-n").replace("$2", "")
        return [self._stage(shlex.split(stage)) for stage in line.split("|")]

    def _stage(self, words: list[str]) -> list[str]:
        written = f"{self.written}/share/"
        arguments = [
            f"{self.prefix}/share/{word.removeprefix(written)}"
            if word.startswith(written)
            else word
            for word in words[1:]
        ]
        return [str(self.prefix / "bin" / words[0]), "-z", *arguments]

    def environment(self) -> dict[str, str]:
        """What the programs run with; unpacked libraries are found without being installed."""
        folders = [self.prefix / "lib", *(self.prefix / "lib").glob("*-linux-gnu*")]
        known = os.environ.get("LD_LIBRARY_PATH", "")
        libraries = os.pathsep.join([*map(str, folders), *([known] if known else [])])
        return {
            "PATH": f"{self.prefix / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "LC_ALL": "C.UTF-8",
            **({} if str(self.prefix) == self.written else {"LD_LIBRARY_PATH": libraries}),
        }


def find_installation() -> Installation:
    """The Apertium to use: the one named, else the fetched one, else the system's.

    Raises:
        EngineUnavailableError: There is none; the message says how to get one.
    """
    named = os.environ.get(PREFIX_VARIABLE)
    if named:
        installation = Installation(Path(named), written=named.rstrip("/"))
        if installation.modes():
            return installation
        raise EngineUnavailableError(
            f"{PREFIX_VARIABLE} names {named}, where no Apertium with a known pair lies. {REMEDY}"
        )
    try:
        return Installation(require(MODEL) / "usr")
    except EngineUnavailableError:
        system = Installation(Path("/usr"))
        if (system.prefix / "bin/lt-proc").exists() and system.modes():
            return system
        raise EngineUnavailableError(f"Apertium is not installed. {REMEDY}") from None


def find_route(pairs: set[tuple[str, str]], source: str, target: str) -> list[tuple[str, str]]:
    """The fewest pairs that lead from one language to another.

    Raises:
        UnsupportedFeatureError: No way leads there.
    """
    waiting: deque[tuple[str, list[tuple[str, str]]]] = deque([(source, [])])
    seen = {source}
    while waiting:
        here, route = waiting.popleft()
        for pair in sorted(pair for pair in pairs if pair[0] == here and pair[1] not in seen):
            if pair[1] == target:
                return [*route, pair]
            seen.add(pair[1])
            waiting.append((pair[1], [*route, pair]))
    raise UnsupportedFeatureError(f"Apertium has no way from {source} to {target} here.")
