"""`windfall backfill`: the analysis of everything that lies in a bucket already."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from windfall.planning.profiles import Overrides
from windfall_cli.appraisal import Ending, appraise, counted
from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.errors import CommandError
from windfall_cli.estimates import FileEstimator
from windfall_cli.inbox import pauses
from windfall_cli.stack import Stack, open_stack

_PLACE = re.compile(r"s3://(?P<bucket>[a-z0-9.-]{3,63})(?:/(?P<prefix>.*))?", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


@command
def backfill(
    place: Annotated[str, typer.Argument(help="s3://bucket/prefix", metavar="PLACE")],
    profile: Annotated[
        str | None, typer.Option(help="The profile to use, whatever the keys say.", metavar="NAME")
    ] = None,
    inventory: Annotated[
        str | None,
        typer.Option(help="An S3 inventory's manifest instead of a listing.", metavar="S3-URI"),
    ] = None,
    rate: Annotated[int, typer.Option(help="Files a second at most, by tens.", min=1)] = 50,
    tolerate: Annotated[
        float, typer.Option(help="Per cent that may fail to be asked for.", min=0, max=100)
    ] = 1,
    name: Annotated[
        str | None, typer.Option(help="Names it: the same name finds the one that runs.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only count and price what lies there; nothing is asked."),
    ] = False,
    sample: Annotated[
        int, typer.Option(help="Objects of each ending that a dry run looks at.", min=0, max=1000)
    ] = 10,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask for the analysis of everything below a prefix; again is harmless, and goes on."""
    chosen = open_stack(stack)
    bucket, prefix = _parsed(place)
    if dry_run:
        endings = counted(_listing(chosen, bucket, prefix), sample)
        request = Overrides(source="The command line", profile=profile)
        appraise(FileEstimator(chosen, request), bucket, endings.values())
        _tell_counts(endings, rate, as_json)
        return
    order: dict[str, Any] = {
        "bucket": bucket,
        "prefix": prefix,
        "rate": rate,
        "tolerated_failure_percentage": tolerate,
    }
    if profile is not None:
        order["profile"] = profile
    if inventory is not None:
        where, key = _parsed(inventory)
        order["inventory"] = {"bucket": where, "key": key}
    arn = _start(chosen, name or f"backfill-{datetime.now(UTC):%Y%m%dT%H%M%S}", order)
    if not as_json:
        console.print(f"Asking as {arn.rpartition(':')[2]}; Ctrl-C ends only the looking.")
    _follow(chosen, arn, quiet=as_json)
    _tell_end(chosen, arn, as_json)


def _parsed(place: str) -> tuple[str, str]:
    match = _PLACE.fullmatch(place)
    if match is None:
        raise CommandError(f"{place!r} is no place in S3.", "Write it as s3://bucket/prefix")
    return match["bucket"], match["prefix"] or ""


def _listing(stack: Stack, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
    pages = stack.client("s3").get_paginator("list_objects_v2")
    try:
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for one in page.get("Contents", []):
                if not one["Key"].endswith("/"):
                    yield one["Key"], one["Size"]
    except ClientError as error:
        raise CommandError(f"s3://{bucket} can not be listed: {error}") from error


def _tell_counts(endings: dict[str, Ending], rate: int, as_json: bool) -> None:
    total = sum(ending.objects for ending in endings.values())
    dollars = round(sum(ending.dollars or 0.0 for ending in endings.values()), 4)
    if as_json:
        found = {
            suffix: {
                "objects": ending.objects,
                "bytes": ending.size,
                "usd": ending.dollars,
                "sampled": len(ending.sample),
                "rejected": ending.rejected,
            }
            for suffix, ending in endings.items()
        }
        seconds = total / rate
        print_json({"objects": total, "seconds": seconds, "usd": dollars, "endings": found})
        return
    table = Table("ending", "objects", "MB", "about USD", "of the sample", box=None)
    for suffix, ending in endings.items():
        sampled = len(ending.sample)
        told = f"{ending.rejected} of {sampled} would be rejected" if ending.rejected else ""
        price = "" if ending.dollars is None else f"{ending.dollars:,.2f}"
        size = f"{ending.size / 1e6:,.1f}"
        table.add_row(plain(suffix), f"{ending.objects:,}", size, price, told)
    console.print(table)
    console.print(f"{total:,} objects, asked for in {total / rate / 60:,.1f} minutes at {rate}/s.")
    if any(ending.sample for ending in endings.values()):
        console.print(
            f"About ${dollars:,.2f} by list prices, if nothing of it was analyzed before: the mean"
            " of a few objects of each ending, times their number (docs/costs.md)."
        )


def _start(stack: Stack, name: str, order: dict[str, Any]) -> str:
    if not _NAME.fullmatch(name):
        raise CommandError(f"{name!r} is no name.", "Letters, digits, - and _; 80 at most")
    states = stack.client("stepfunctions")
    machine = stack.output("BackfillBucketMachineArn")
    try:
        answer = states.start_execution(
            stateMachineArn=machine, name=name, input=json.dumps(order, sort_keys=True)
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise
        raise CommandError(
            f"There was a back-fill {name} already.", "Name another; what was asked for stays so."
        ) from error
    return str(answer["executionArn"])


def _follow(stack: Stack, arn: str, *, quiet: bool) -> None:
    """Wait for the end, with a bar for what has been asked for."""
    states = stack.client("stepfunctions")
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=quiet, transient=True) as progress:
        line = progress.add_task("listing", total=None)
        for _ in pauses():
            counts = _counts(states, arn)
            if counts is not None:
                done = counts["succeeded"] + counts["failed"]
                progress.update(
                    line, description="asked for", completed=done, total=counts["total"]
                )
            if states.describe_execution(executionArn=arn)["status"] != "RUNNING":
                return


def _counts(states: Any, arn: str) -> dict[str, int] | None:
    runs = states.list_map_runs(executionArn=arn)["mapRuns"]
    if not runs:
        return None
    counts: dict[str, int] = states.describe_map_run(mapRunArn=runs[0]["mapRunArn"])["itemCounts"]
    return counts


def _tell_end(stack: Stack, arn: str, as_json: bool) -> None:
    states = stack.client("stepfunctions")
    ended = states.describe_execution(executionArn=arn)
    counts = _counts(states, arn) or {}
    if as_json:
        print_json({"execution": arn, "status": ended["status"], "items": counts})
    elif ended["status"] == "SUCCEEDED":
        asked, failed = counts.get("succeeded", 0), counts.get("failed", 0)
        console.print(f"Asked for {asked:,} files; {failed:,} could not be asked for.")
        console.print("See how they end: windfall status", style="dim")
    if ended["status"] != "SUCCEEDED":
        reason = ended.get("cause") or ended.get("error") or ""
        raise CommandError(
            f"The back-fill ended as {ended['status'].lower()}: {reason}",
            "Mend that and run it again: what was asked for is not asked for twice.",
        )
