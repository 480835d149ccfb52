"""Folders with training scripts: packed as SageMaker takes them, and put where it reads them."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

from windfall_cli.errors import CommandError
from windfall_cli.stack import Stack

NAME = "sourcedir.tar.gz"
_MOST_BYTES = 50_000_000
_LEFT_OUT = {"__pycache__", ".git", ".venv", ".ipynb_checkpoints"}


def script_folder_of(document: Any) -> str | None:
    """The folder that a profile names as its script; None when it names an address, or none."""
    table = document.get("table") if isinstance(document, dict) else None
    train = table.get("train") if isinstance(table, dict) else None
    script = train.get("script") if isinstance(train, dict) else None
    return script if isinstance(script, str) and not script.startswith("s3://") else None


def with_packed_script(document: Any, base: Path, stack: Stack) -> Any:
    """A profile whose script is a folder, with the address of the packed folder instead.

    Args:
        document: The profile as JSON.
        base: Where the profile lies: the folder is named from there.
        stack: Where the packed folder is put.

    Raises:
        CommandError: There is no such folder, or it is too large.
    """
    folder = base / (script_folder_of(document) or "")
    if not folder.is_dir():
        raise CommandError(
            f"table.train.script: there is no folder {folder}.",
            "Name a folder with the script in it, or an s3:// address of the packed folder.",
        )
    body = pack(folder)
    bucket = stack.output("ResultsBucketName")
    key = f"models/scripts/{hashlib.sha256(body).hexdigest()[:16]}/{NAME}"
    stack.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    table = {**document["table"], "train": {**document["table"]["train"]}}
    table["train"]["script"] = f"s3://{bucket}/{key}"
    return {**document, "table": table}


def pack(folder: Path) -> bytes:
    """A folder as `sourcedir.tar.gz`; equal files make equal bytes.

    Raises:
        CommandError: It is too large to be a script.
    """
    files = [path for path in sorted(folder.rglob("*")) if _belongs(path.relative_to(folder), path)]
    if sum(path.stat().st_size for path in files) > _MOST_BYTES:
        raise CommandError(f"{folder} has more than {_MOST_BYTES // 1_000_000} MB in it.")
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in files:
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as body:
                archive.addfile(entry, body)
    return packed.getvalue()


def _belongs(name: Path, path: Path) -> bool:
    return path.is_file() and not _LEFT_OUT & set(name.parts) and not name.name.startswith(".")
