"""Whether this interpreter has what a layer of dependencies would give a function on AWS.

Such a layer is built for Lambda's interpreter and processor. Here functions run on this machine's,
so the layer is satisfied by what is installed: every pinned requirement, in that version.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.parser import HeaderParser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import parse_tag, sys_tags

from windfall_local.template.errors import TemplateError


def runs_here(directory: Path) -> bool:
    """Whether a built layer's packages are for this interpreter and this machine."""
    python = directory / "python"
    if not python.is_dir():
        return False
    ours = set(sys_tags())
    for wheel in python.rglob("*.dist-info/WHEEL"):
        tags = HeaderParser().parsestr(wheel.read_text()).get_all("Tag", [])
        if not any(ours & parse_tag(tag) for tag in tags):
            return False
    return True


def check_dependencies(layer: str, directory: Path) -> None:
    """Check that everything a layer asks for is installed here.

    Raises:
        TemplateError: Something is missing, or has another version; it says which and what to do.
    """
    source = directory / "requirements.txt"
    if source.exists():
        wanted = list(parse_requirements(source.read_text(encoding="utf-8"), str(source)))
    else:
        wanted = list(_built_packages(directory))
    if not wanted:
        raise TemplateError(
            f"{layer}: {directory} holds neither a python folder nor a requirements.txt."
        )
    problems = [problem for requirement in wanted if (problem := _problem(requirement))]
    if problems:
        listed = "".join(f"\n  {problem}" for problem in problems)
        raise TemplateError(
            f"{layer}: functions run on this interpreter, and it does not have what the layer "
            f"asks for:{listed}\nInstall it: `make install`, or `pip install -r {source}`."
        )


def parse_requirements(text: str, name: str) -> Iterator[Requirement]:
    """The requirements in a file as pip takes it; hashes and options are left aside.

    Raises:
        TemplateError: A line is no requirement.
    """
    for raw in text.replace("\\\n", " ").splitlines():
        line = raw.split(" #")[0].split(" --")[0].strip()
        if not line or line.startswith(("#", "-")):
            continue
        try:
            yield Requirement(line)
        except InvalidRequirement as error:
            raise TemplateError(f"{name}: {line!r} is no requirement: {error}") from error


def _built_packages(directory: Path) -> Iterator[Requirement]:
    for metadata in sorted((directory / "python").rglob("*.dist-info/METADATA")):
        headers = HeaderParser().parsestr(metadata.read_text(encoding="utf-8"), headersonly=True)
        yield Requirement(f"{headers['Name']}=={headers['Version']}")


def _problem(requirement: Requirement) -> str | None:
    if requirement.marker is not None and not requirement.marker.evaluate():
        return None
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement} (not installed)"
    if requirement.specifier.contains(installed, prereleases=True):
        return None
    return f"{requirement} (installed: {installed})"
