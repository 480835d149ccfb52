"""`windfall estimate`: what files would cost, before they are dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError
from rich.table import Table

from windfall.contracts.base import S3Pointer
from windfall.contracts.estimate import Estimate
from windfall.planning.profiles import Overrides
from windfall_cli.commands.drop import (
    FeaturesOption,
    ProfileOption,
    TargetsOption,
    files_to_drop,
    keep_profiles,
)
from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.errors import CommandError
from windfall_cli.estimates import HERE, Estimated, FileEstimator, Place
from windfall_cli.home import LocalAddress
from windfall_cli.stack import Stack, open_stack

_S3 = re.compile(r"s3://(?P<bucket>[a-z0-9.-]{3,63})(?:/(?P<prefix>.*))?", re.DOTALL)
_LISTED = 30
"""Files that are shown one by one; of more, the dearest."""


@command
def estimate(
    files: Annotated[list[str], typer.Argument(help="Files, folders, or s3://bucket/prefix.")],
    profile: ProfileOption = None,
    targets: TargetsOption = None,
    features: FeaturesOption = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what files would cost, by feature and in all; nothing is dropped or paid for."""
    chosen = _stack(stack, files, profile)
    request = Overrides(
        source="The command line",
        profile=profile,
        features=_split(features),
        targets=_split(targets),
    )
    places = list(_places(chosen, files))
    found = list(FileEstimator(chosen, request).estimate(places))
    if as_json:
        print_json(_document(found))
    else:
        _show(found)


def _stack(name: str | None, files: Sequence[str], profile: str | None) -> Stack | None:
    """The stack whose profiles hold; files of this machine need none for the default profile."""
    needs_one = profile is not None or any(_S3.fullmatch(file) for file in files)
    if name is None and not needs_one and LocalAddress.load() is None:
        return None
    return open_stack(name)


def _split(value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(filter(None, map(str.strip, value.split(","))))


def _places(stack: Stack | None, files: Sequence[str]) -> Iterator[Place]:
    remote = [match for match in map(_S3.fullmatch, files) if match is not None]
    local = [Path(file) for file in files if not _S3.fullmatch(file)]
    if local:
        found = list(files_to_drop(local))
        for path, key in found if stack is None else keep_profiles(stack, found):
            yield Place(S3Pointer(bucket=HERE, key=str(path)), key)
    if stack is not None:
        for match in remote:
            yield from _listed(stack, match["bucket"], match["prefix"] or "")


def _listed(stack: Stack, bucket: str, prefix: str) -> Iterator[Place]:
    pages = stack.client("s3").get_paginator("list_objects_v2")
    try:
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for one in page.get("Contents", []):
                if not one["Key"].endswith("/"):
                    yield Place(S3Pointer(bucket=bucket, key=one["Key"]), one["Key"])
    except ClientError as error:
        raise CommandError(f"s3://{bucket} can not be listed: {error}") from error


def _by_feature(found: Sequence[Estimated]) -> dict[str, float]:
    """US dollars by feature, the dearest first."""
    sums: dict[str, float] = {}
    for one in found:
        for feature in one.estimate.features if one.estimate is not None else ():
            sums[feature.feature] = sums.get(feature.feature, 0.0) + (feature.cost or 0.0)
    return {name: round(cost, 9) for name, cost in sorted(sums.items(), key=lambda one: -one[1])}


def _total(found: Sequence[Estimated]) -> float:
    return round(sum(one.estimate.cost for one in found if one.estimate is not None), 9)


def _unpriced(found: Sequence[Estimated]) -> dict[str, str]:
    """What has no price, and why."""
    return {
        feature.feature: feature.note or "no price is known"
        for one in found
        for feature in (one.estimate.features if one.estimate is not None else ())
        if feature.cost is None
    }


def _document(found: Sequence[Estimated]) -> dict[str, Any]:
    return {
        "currency": "USD",
        "total": _total(found),
        "features": _by_feature(found),
        "unpriced": _unpriced(found),
        "files": [
            {
                "key": one.key,
                "estimate": one.estimate and one.estimate.model_dump(mode="json"),
                "rejected": one.reason,
            }
            for one in found
        ],
    }


def _show(found: Sequence[Estimated]) -> None:
    priced = [one for one in found if one.estimate is not None]
    if priced:
        console.print(_files_table(priced))
        if len(priced) > _LISTED:
            console.print(f"… and {len(priced) - _LISTED} cheaper ones.", style="dim")
        console.print()
        console.print(_features_table(found))
    for one in found:
        if one.estimate is None:
            console.print(plain(one.key), "[magenta]would be rejected:[/]", plain(one.reason or ""))
    for feature, why in _unpriced(found).items():
        console.print(f"Not in the sums: {feature} ({why}).", style="yellow")
    if priced:
        _show_basis([one.estimate for one in priced if one.estimate is not None])


def _files_table(found: Sequence[Estimated]) -> Table:
    table = Table("file", "profile", "USD", "reckoned from", box=None)
    table.columns[2].justify = "right"
    dearest = sorted(found, key=lambda one: -(one.estimate.cost if one.estimate else 0))
    shown = {one.key for one in dearest[:_LISTED]}
    for one in found:
        if one.estimate is not None and one.key in shown:
            made_of = _made_of(one.estimate)
            table.add_row(plain(one.key), one.estimate.profile, f"{one.estimate.cost:.4f}", made_of)
    return table


def _made_of(estimate: Estimate) -> str:
    """What a file was reckoned from; ≈ stands before what was estimated."""
    amounts = [
        f"{'≈ ' if one.basis else ''}{one.value:,.10g} {one.unit}"
        for one in estimate.amounts
        if not one.unit.startswith("times")
    ]
    language = [estimate.language] if estimate.language else []
    return ", ".join([*amounts, *language])


def _features_table(found: Sequence[Estimated]) -> Table:
    table = Table("feature", "USD", "", box=None, show_footer=True)
    table.columns[0].footer = "total"
    table.columns[1].footer = f"{_total(found):.4f}"
    table.columns[1].justify = "right"
    for name, cost in _by_feature(found).items():
        table.add_row(plain(name), f"{cost:.4f}", _range(found, name))
    return table


def _range(found: Sequence[Estimated], name: str) -> str:
    """Between what a feature may cost, where some file's is no more than a rough guess."""
    features = [
        feature
        for one in found
        for feature in (one.estimate.features if one.estimate is not None else ())
        if feature.feature == name and feature.cost is not None
    ]
    if all(feature.most is None for feature in features):
        return ""
    least = sum((one.cost or 0.0) if one.least is None else one.least for one in features)
    most = sum((one.cost or 0.0) if one.most is None else one.most for one in features)
    return f"{least:.4f} to {most:.4f}"


def _show_basis(estimates: Sequence[Estimate]) -> None:
    bases = dict.fromkeys(
        f"{one.name}: {one.basis}" for found in estimates for one in found.amounts if one.basis
    )
    languages = dict.fromkeys(
        f"language: {found.language_basis}" for found in estimates if found.language_basis
    )
    console.print("Estimated (≈):" if bases else "", style="dim", end="\n" if bases else "")
    for basis in [*bases, *languages]:
        console.print(plain(f"  {basis}"), style="dim")
    first = estimates[0]
    if first.prices_of is None:
        console.print(f"No prices are known for the Region {first.region}.", style="yellow")
    else:
        sources = sorted({source for found in estimates for source in found.sources})
        console.print(
            f"By list prices of {first.prices_of}, Region {first.region}: {', '.join(sources)}.",
            style="dim",
        )
