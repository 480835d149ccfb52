"""Apertium out of Debian's packages, unpacked rather than installed: no root is needed.

apt fetches them, so the machine's own mirrors hold and their signatures are checked. Mirrors drop
old versions, so a version can't be pinned for good: packages are named, what was tested is pinned
by hash, anything else is reported and recorded. Works where apt does (Debian, Ubuntu, …).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from windfall_local.engines import EngineUnavailableError
from windfall_local.engines.models.sources import Model, Progress, sha256_of

PAIRS = (
    "apertium-eng-spa",
    "apertium-eng-cat",
    "apertium-spa-cat",
    "apertium-fr-es",
    "apertium-es-pt",
    "apertium-spa-ita",
)
"""Language pairs; the programs come as what these depend on."""

OWN = re.compile(r"(lib)?(apertium|lttoolbox|cg3|irstlm).*")
"""Always unpacked beside each other, even where the system has them too."""

NEEDLESS = {"gawk", "libsigsegv2", "xsltproc", "libxml2-utils", "libxslt1.1", "install-info"}
"""Dependencies that serve the making of language pairs, not translation."""

RECORD = "packages.json"

TESTED: dict[str, str] = {
    "apertium-anaphora_1.1.1-1+b1_amd64.deb": (
        "90bab866b156c2a5a6224e2233a8c525970d3a07dd5d232dcb48247d33872f25"
    ),
    "apertium-eng-cat_1.0.1-5_all.deb": (
        "f591110a4f8e6ae9c5fc027adfb68e232b37e5674923d9d640dd2562c775c85c"
    ),
    "apertium-eng-spa_0.8.1-2_all.deb": (
        "4f342a77a946219b943c31e25e839e49d6cdb16b410fab5bbb34929873d9d265"
    ),
    "apertium-es-pt_1.1.6-1_all.deb": (
        "55436bb2f1e9292f63291572b2c27018b8c173948198fd599f7b87febdb316c0"
    ),
    "apertium-fr-es_0.9.4-1_all.deb": (
        "42ca35411f6b17ac633cb6a49355ecc8355103e557f99b261dbe03cb3eeb0a55"
    ),
    "apertium-lex-tools_0.4.2-2_amd64.deb": (
        "75a12c6dc932fcd07bfd8a793eff17ec5b7b514f5ca5345df1c710b14846a394"
    ),
    "apertium-separable_0.6.1-1+b1_amd64.deb": (
        "fb0c2d80cf1fe12c2016acc9bbeeacd8ac8fd206a4d16dd6295d5af6cc1e0c24"
    ),
    "apertium-spa-cat_2.2.0-3_all.deb": (
        "0f7eade28cf0f2f272215426d64a63f9ea7421692b68e788c2512da96a3e9c40"
    ),
    "apertium-spa-ita_0.2.1-3_all.deb": (
        "4f0be45d32ce9e12a40ef89b22fabb43292fa1050a174126474e5f09037bab8a"
    ),
    "apertium_3.8.3-1+b2_amd64.deb": (
        "f0c2b9af87c9414de8f6212f13a0a889b40400fbf3f08ee01b3f5cd4bbf60e6a"
    ),
    "cg3_1.3.9-1+b2_amd64.deb": "47a95f8b1fc6d33b620502c6bcf71def33a6e5de69472b7f0b7f86f672477ced",
    "libapertium-lex-tools1_0.4.2-2_amd64.deb": (
        "8cf1e3248a20c0072a24bb673da9df0e98e873f85e233bce7ef36fab1c8902aa"
    ),
    "libapertium3_3.8.3-1+b2_amd64.deb": (
        "eab451a43b93cf5fad59b27803ebdc026fda82b7052fbdb9a9108c4cac1adb88"
    ),
    "libcg3-1_1.3.9-1+b2_amd64.deb": (
        "48cb01831ddfde2149fe694cfa9ef27a10d0f962a61e5f92fc0c49871c8a0e2f"
    ),
    "libirstlm1_6.00.05-3+b1_amd64.deb": (
        "964330898fba58b2f9c338cf922b8e974c5ef17cbadbe1ed4073528400e0d3a0"
    ),
    "liblttoolbox3_3.7.1-1+b2_amd64.deb": (
        "40b49302d65cee60710fe374e97723885c360993eea7dcfcbb6f4f5d4c06af92"
    ),
    "lttoolbox_3.7.1-1+b2_amd64.deb": (
        "a56556c538954e5665395d036a3c729969a4aed3e4b3cd9f41bb91820a0f131c"
    ),
}
"""sha256 by file name, of what Windfall's tests ran with (Debian 12, amd64)."""

MODELS: tuple[Model, ...] = (
    Model(
        name="apertium",
        version="1",
        serves="translation between en, es, ca, fr, pt and it; Spanish sentiment",
        source="debian",
        package=" ".join(PAIRS),
        path="apertium",
        size=52_000_000,
        licence="GPL-2.0-or-later, GPL-3.0-or-later; run as separate programs",
        provenance="apertium.org, through Debian",
    ),
)


class DebianSource:
    """Fetches packages with the user's own apt and unpacks them with dpkg."""

    name = "debian"

    def obstacle(self) -> str | None:
        """What this machine lacks, and what would help."""
        missing = [program for program in ("apt-get", "dpkg") if shutil.which(program) is None]
        if not missing:
            return None
        return (
            f"{' and '.join(missing)} not found: Apertium's packages come from Debian. Elsewhere "
            "install Apertium with its pairs yourself and name its prefix in WINDFALL_APERTIUM."
        )

    def install(self, models: Sequence[Model], staging: Path, progress: Progress) -> None:
        """Fetch, check and unpack the packages of each model."""
        for model in models:
            apt = _Apt(staging / ".apt")
            names = apt.closure(model.package.split())
            progress(f"Fetching {len(names)} packages of Apertium (about 18 MB) with apt")
            archives = apt.download(names, staging / ".debs")
            target = staging / model.path
            for archive in archives:
                _unpack(archive, target)
            _slim(target)
            (target / RECORD).write_text(json.dumps(_record(archives, progress), indent=1) + "\n")


def _record(archives: Sequence[Path], progress: Progress) -> dict[str, str]:
    record = {archive.name: sha256_of(archive) for archive in archives}
    other = sorted(name for name, digest in record.items() if TESTED.get(name) != digest)
    if other:
        progress(f"Not the versions that Windfall was tested with: {', '.join(other)}")
    return record


class _Apt:
    """apt, with lists of its own where the machine's are empty (as in slim images)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._options: list[str] = []

    def closure(self, names: Sequence[str]) -> list[str]:
        """The packages with what they depend on, less what the system has."""
        if len(self._offered(names)) < len(names):
            self._refresh()
        selection = [
            f"--no-{kind}"
            for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
        ]
        listed = self._run("apt-cache", "depends", "--recurse", *selection, *names)
        found = {line for line in listed.splitlines() if line and line[0].isalnum()}
        installed = _installed_packages()
        return sorted(
            name
            for name in found - NEEDLESS
            if ":" not in name and (OWN.fullmatch(name) or name not in installed)
        )

    def download(self, names: Sequence[str], folder: Path) -> list[Path]:
        """The packages' files; apt checks them against its signed lists."""
        folder.mkdir(parents=True, exist_ok=True)
        # A dependency with an alternative that is there already may have no candidate itself.
        self._run("apt-get", "download", *self._offered(names), folder=folder)
        return sorted(folder.glob("*.deb"))

    def _offered(self, names: Sequence[str]) -> list[str]:
        """Of these packages, those that the mirrors have."""
        policy = self._run("apt-cache", "policy", *names)
        found = re.findall(r"^(\S+):\n.*\n +Candidate: (?!\(none\))\S", policy, re.MULTILINE)
        return [name for name in names if name in found]

    def _refresh(self) -> None:
        for part in ("lists/partial", "archives/partial"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        self._options = [
            f"-oDir::State::lists={self._folder / 'lists'}",
            f"-oDir::Cache={self._folder}",
            "-oAPT::Sandbox::User=",
        ]
        self._run("apt-get", "update")

    def _run(self, program: str, *arguments: str, folder: Path | None = None) -> str:
        outcome = subprocess.run(
            [program, *self._options, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if outcome.returncode != 0:
            lines = outcome.stderr.strip().splitlines() or ["it said nothing"]
            raise EngineUnavailableError(
                f"{program} {arguments[0]} failed: {lines[-1]} Check the network and apt's "
                "sources (Ubuntu: universe), then run `windfall models pull`."
            )
        return outcome.stdout


def _installed_packages() -> set[str]:
    outcome = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (line.split() for line in outcome.stdout.splitlines())
    return {words[0] for words in lines if words[-1:] == ["installed"]}


def _unpack(archive: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    outcome = subprocess.run(
        ["dpkg", "-x", str(archive), str(target)], capture_output=True, text=True, check=False
    )
    if outcome.returncode != 0:
        raise EngineUnavailableError(f"dpkg could not unpack {archive.name}: {outcome.stderr}")


def _slim(target: Path) -> None:
    """Leave out what only people and compilers read; keep the licences."""
    for folder in ("man", "lintian", "pkgconfig", "locale", "emacs", "info"):
        shutil.rmtree(target / "usr/share" / folder, ignore_errors=True)
    for file in (target / "usr/share/doc").rglob("*"):
        if file.is_file() and file.name != "copyright":
            file.unlink()
