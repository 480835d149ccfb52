"""`windfall translate`: all documents of a folder in other languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from botocore.exceptions import ClientError
from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from windfall import identity, keys
from windfall.contracts.base import S3Pointer
from windfall.contracts.translations import FolderTranslationRequested, TranslationManifest
from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.errors import CommandError
from windfall_cli.folders import Folder, find_folder, put_documents, requests_of
from windfall_cli.inbox import pauses
from windfall_cli.stack import Stack, open_stack

SOURCE = "windfall.cli"


class Asked(NamedTuple):
    """A request, and when its manifest was last written before it was made, if ever."""

    request: FolderTranslationRequested
    before: Any

    @property
    def translation_id(self) -> str:
        """As the machine makes it."""
        return identity.translation_id(self.request.model_dump(mode="json"))


@command
def translate(
    place: Annotated[str, typer.Argument(help="A folder, or s3://bucket/prefix", metavar="PLACE")],
    to: Annotated[str, typer.Option("--to", help="Languages: es,ca", metavar="CODES")],
    source: Annotated[
        str, typer.Option("--from", help="The documents' language.", metavar="CODE")
    ] = "auto",
    terminology: Annotated[
        str | None, typer.Option(help="A terminology of Translate's to use.", metavar="NAME")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow it to its end.")] = False,
    save: Annotated[
        Path | None, typer.Option(help="Fetch the translations into this folder; waits.")
    ] = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Translate every document of a folder; the same folder again is not paid for again."""
    chosen = open_stack(stack)
    folder = find_folder(chosen, place)
    targets = [one.strip() for one in to.split(",") if one.strip()]
    settings = {"targets": targets, "source": source, "terminology": terminology}
    asked = [_ask(chosen, folder, one) for one in _requests(chosen, folder, settings)]
    if not (wait or save):
        _tell_asked(asked, folder, as_json)
        return
    manifests = _follow(chosen, folder, asked, quiet=as_json)
    if save:
        _save(chosen, manifests, save)
    if as_json:
        ended = [manifest.model_dump(mode="json") for manifest in manifests]
        print_json({"translations": ended, "left": folder.left})
    else:
        _tell_ends(manifests, folder, save)
    if any(manifest.status == "failed" for manifest in manifests):
        raise typer.Exit(2)


def _requests(
    stack: Stack, folder: Folder, settings: Mapping[str, Any]
) -> list[FolderTranslationRequested]:
    try:
        return requests_of(stack, folder, settings)
    except ValidationError as error:
        first = error.errors()[0]
        field, given = first["loc"][0], first["input"]
        raise CommandError(
            f"{field}: {given!r} is not taken: {first['msg']}",
            "Languages are codes such as es, pt-PT or zh-TW; ten at most",
        ) from error


def _ask(stack: Stack, folder: Folder, request: FolderTranslationRequested) -> Asked:
    """Ask for a translation, unless it is there."""
    found, before = _manifest(stack, Asked(request, None))
    asked = Asked(request, before)
    if found is not None and found.status != "failed":
        return asked._replace(before=None)
    put_documents(stack, folder, request)
    answer = stack.client("events").put_events(
        Entries=[
            {
                "EventBusName": stack.output("EventBusName"),
                "Source": SOURCE,
                "DetailType": type(request).__name__,
                "Detail": request.model_dump_json(),
            }
        ]
    )
    if answer["FailedEntryCount"]:
        raise CommandError(f"The bus does not take it: {answer['Entries'][0]['ErrorMessage']}")
    return asked


def _manifest(stack: Stack, asked: Asked) -> tuple[TranslationManifest | None, Any]:
    """What became of a request, unless it is what became of it before; and when it was told."""
    key = f"{keys.translation_prefix(asked.translation_id)}manifest.json"
    try:
        answer = stack.client("s3").get_object(Bucket=stack.output("ResultsBucketName"), Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return None, None
    told = (answer.get("VersionId"), answer["LastModified"])
    if told == asked.before:
        return None, told
    return TranslationManifest.model_validate_json(answer["Body"].read()), told


def _follow(
    stack: Stack, folder: Folder, asked: Sequence[Asked], *, quiet: bool
) -> list[TranslationManifest]:
    """Wait for every end, with a bar for the translations that are written."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    ended: dict[str, TranslationManifest] = {}
    with Progress(*columns, console=console, disable=quiet, transient=True) as progress:
        lines = {
            one.translation_id: progress.add_task(
                one.request.content_type.name.lower(),
                total=len(folder.documents[one.request.content_type]) * len(one.request.targets),
            )
            for one in asked
        }
        for _ in pauses():
            for one in asked:
                name = one.translation_id
                if name in ended:
                    continue
                found, _told = _manifest(stack, one)
                if found is not None:
                    ended[name] = found
                if not quiet:
                    progress.update(lines[name], completed=_count_written(stack, name))
            if len(ended) == len(asked):
                break
    return [ended[one.translation_id] for one in asked]


def _count_written(stack: Stack, translation_id: str) -> int:
    """Translations that Translate has written so far, its notes aside."""
    prefix = keys.translation_prefix(translation_id)
    pages = stack.client("s3").get_paginator("list_objects_v2")
    found = [
        one["Key"].removeprefix(prefix)
        for page in pages.paginate(Bucket=stack.output("ResultsBucketName"), Prefix=prefix)
        for one in page.get("Contents", [])
    ]
    return sum("/" in name and "/details/" not in name for name in found)


def _save(stack: Stack, manifests: Sequence[TranslationManifest], folder: Path) -> None:
    """Fetch every translation: a folder for each language, each document under its own name."""
    s3 = stack.client("s3")
    for manifest in manifests:
        for one in manifest.documents:
            if one.translation is not None:
                place = (folder / one.language / one.document).resolve()
                if not place.is_relative_to((folder / one.language).resolve()):
                    raise CommandError(f"{one.document!r} would be written outside {folder}.")
                place.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(one.translation.bucket, one.translation.key, str(place))


def _tell_asked(asked: Sequence[Asked], folder: Folder, as_json: bool) -> None:
    if as_json:
        requests = [
            {"translation_id": one.translation_id, **one.request.model_dump(mode="json")}
            for one in asked
        ]
        print_json({"requests": requests, "left": folder.left})
        return
    for one in asked:
        count = len(folder.documents[one.request.content_type])
        what = f"{count} {one.request.content_type.name.lower()}, {', '.join(one.request.targets)}"
        console.print(plain(what), f"[dim]{one.translation_id}[/]")
    _tell_left(folder)
    console.print("See how it ends: the same again with --wait", style="dim")


def _tell_ends(
    manifests: Sequence[TranslationManifest], folder: Folder, saved: Path | None
) -> None:
    # Addresses are there to be copied: they are broken where need be, and never cut off.
    table = Table("document", "", Column("translation", overflow="fold"), box=None)
    for manifest in manifests:
        for one in sorted(manifest.documents, key=lambda found: (found.document, found.language)):
            where = plain(_address(one.translation)) if one.translation else plain(one.reason or "")
            table.add_row(plain(one.document), one.language, where)
        if manifest.reason:
            kind = manifest.request.content_type.name.lower()
            table.add_row(f"({kind})", "", plain(manifest.reason))
    console.print(table)
    _tell_left(folder)
    characters = sum(manifest.characters for manifest in manifests)
    cost = sum(manifest.cost or 0 for manifest in manifests)
    console.print(f"{characters:,} characters; AWS asks ${cost:,.4f} for them.")
    if saved:
        console.print(f"Saved in {plain(str(saved))}")


def _tell_left(folder: Folder) -> None:
    for name in folder.left:
        console.print(plain(f"{name}: no batch job takes its type; drop it instead"), style="dim")


def _address(pointer: S3Pointer) -> str:
    return f"s3://{pointer.bucket}/{pointer.key}"
