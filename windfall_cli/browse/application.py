"""The pages' addresses, and what is shown where."""

from __future__ import annotations

import re
import traceback
from collections.abc import Collection
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from jinja2 import Environment
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from windfall import keys
from windfall.clock import moment_of
from windfall.contracts.base import S3Pointer
from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.subject import Kind
from windfall.errors import WindfallError
from windfall.ports.insights import ANALYZING
from windfall.terms import TERM_TYPES
from windfall_cli.browse import objects
from windfall_cli.browse.costs_page import SPANS, make_costs_page
from windfall_cli.browse.file_page import make_file_page, result_named, title_of
from windfall_cli.browse.guard import Guard
from windfall_cli.browse.library import Choice, Library, pointer_of
from windfall_cli.browse.search_page import make_search_page
from windfall_cli.browse.table_view import has_report
from windfall_cli.browse.templating import STATIC, make_environment
from windfall_cli.browse.thumbnails import Thumbnails
from windfall_cli.console import plain, stderr
from windfall_cli.costs import By
from windfall_cli.errors import CommandError

_FILE_ID = re.compile(r"^[0-9a-f]{40}$")
_PLACE = re.compile(r"^2\d{3}-\d\d-\d\d[0-9T:.Z]*(#[0-9a-f]{40})?$")
_SECONDS = re.compile(r"^\d{1,6}(\.\d{1,3})?$")
WAYS = tuple(by.value for by in By)
KINDS = tuple(kind.value for kind in Kind)
STATUSES = (ANALYZING, *(status.value for status in FileStatus))


def make_application(library: Library, token: str, hosts: Collection[str]) -> ASGIApp:
    """The pages of a stack, behind their guard."""
    pages = Pages(library, make_environment(f"/{token}", **_told(library)))
    routes = [
        Route("/", pages.files),
        Route("/search", pages.search),
        Route("/costs", pages.costs),
        Route("/files/{file_id}", pages.file),
        Route("/files/{file_id}/original", pages.original),
        Route("/files/{file_id}/thumbnail", pages.thumbnail),
        Route("/files/{file_id}/manifest.json", pages.manifest),
        Route("/files/{file_id}/results/{name:path}", pages.result),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    handlers: dict[Any, Any] = {
        HTTPException: pages.not_found,
        ClientError: pages.unavailable,
        BotoCoreError: pages.unavailable,
        WindfallError: pages.unavailable,
        CommandError: pages.unavailable,
        Exception: pages.broken,
    }
    return Guard(Starlette(routes=routes, exception_handlers=handlers), token, hosts)


def _told(library: Library) -> dict[str, Any]:
    """What every page knows."""
    stack = library.stack
    return {
        "stack_name": stack.name,
        "is_local": stack.is_local,
        "stack_option": _stack_option(library),
        "title_of": title_of,
        "kinds": KINDS,
        "statuses": STATUSES,
        "term_types": TERM_TYPES,
    }


def _stack_option(library: Library) -> str:
    """How the same stack is named to another command."""
    return "" if library.stack.is_local else f" --stack {library.stack.name}"


class Pages:
    """A method a page; they are called in threads, for boto3 waits."""

    def __init__(self, library: Library, environment: Environment) -> None:
        self._library = library
        self._environment = environment
        self._thumbnails = Thumbnails(library)
        self._stack_option = _stack_option(library)

    def files(self, request: Request) -> Response:
        """The list, newest first."""
        asked = request.query_params
        choice = Choice(_one_of(asked.get("kind"), KINDS), _one_of(asked.get("status"), STATUSES))
        older_than = place_of(asked.get("older", ""))
        page = self._library.page(choice, older_than)
        costs = self._library.costs(page.rows)
        return self._page("files.html", page=page, choice=choice, costs=costs, older=older_than)

    def search(self, request: Request) -> Response:
        """The files in which something was found, and the moments."""
        asked = request.query_params
        words, kind = asked.get("q", "")[:200], _one_of(asked.get("type"), TERM_TYPES)
        page = make_search_page(self._library, words, kind)
        return self._page("search.html", words=words, kind=kind, page=page)

    def costs(self, request: Request) -> Response:
        """What was paid for."""
        asked = request.query_params
        by = By(_one_of(asked.get("by"), WAYS) or By.FEATURE.value)
        days = int(_one_of(asked.get("days"), [str(one) for one in SPANS]) or 30)
        page = make_costs_page(self._library, by, days)
        return self._page("costs.html", page=page, ways=WAYS, spans=SPANS)

    def file(self, request: Request) -> Response:
        """One file."""
        begin = _seconds(request.query_params.get("t", ""))
        page = make_file_page(self._library, _file_id(request), begin)
        if page is None:
            raise HTTPException(404)
        return self._page("file.html", page=page)

    def manifest(self, request: Request) -> Response:
        """The manifest, to keep."""
        file_id = _file_id(request)
        bucket = self._library.stack.output("ResultsBucketName")
        pointer = S3Pointer(bucket=bucket, key=keys.manifest_key(file_id))
        return self._send(request, pointer, f"{file_id[:8]}-manifest.json", None)

    def original(self, request: Request) -> Response:
        """The file itself, as it was dropped."""
        manifest = self._manifest(request)
        pointer = S3Pointer(
            bucket=manifest.bucket, key=manifest.key, version_id=manifest.version_id
        )
        return self._send(
            request, pointer, manifest.key, objects.inline_type(manifest.format or "")
        )

    def result(self, request: Request) -> Response:
        """One of the files that the analysis made."""
        manifest = self._manifest(request)
        file = result_named(manifest, request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        if file.name == "report.html" and has_report(manifest):
            return self._send(request, pointer_of(file), file.name, "text/html; charset=utf-8")
        return self._send(request, pointer_of(file), file.name, objects.inline_type(file.name))

    def thumbnail(self, request: Request) -> Response:
        """A small picture of a file, or of what kind it is."""
        file_id = _file_id(request)
        picture = self._thumbnails.of(file_id)
        if picture is None:
            return FileResponse(STATIC / "nothing.png")
        return Response(picture, media_type="image/jpeg")

    def not_found(self, request: Request, error: Exception) -> Response:
        """There is no such page, file or result."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        return self._page("error.html", status, title="Not here", reason="There is nothing here.")

    def unavailable(self, request: Request, error: Exception) -> Response:
        """The stack can not be asked."""
        reason = f"{error} See what is running: windfall doctor{self._stack_option}"
        return self._page("error.html", 502, title="No answer", reason=reason)

    def broken(self, request: Request, error: Exception) -> Response:
        """A mistake of ours: told in the terminal, where it can be copied."""
        stderr.print(plain("".join(traceback.format_exception(error))))
        reason = "This page is broken; the terminal of windfall browse says how."
        return self._page("error.html", 500, title="A mistake", reason=reason)

    def _page(self, template: str, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(self._environment.get_template(template).render(values), status)

    def _manifest(self, request: Request) -> Manifest:
        manifest = self._library.manifest(_file_id(request))
        if manifest is None:
            raise HTTPException(404)
        return manifest

    def _send(
        self, request: Request, pointer: S3Pointer, name: str, media_type: str | None
    ) -> Response:
        kept = "download" in request.query_params
        return objects.send_object(
            self._library.stack.client("s3"),
            pointer,
            name=name,
            media_type=None if kept else media_type,
            asked=request.headers.get("range"),
        )


def _file_id(request: Request) -> str:
    file_id = str(request.path_params["file_id"])
    if not _FILE_ID.match(file_id):
        raise HTTPException(404)
    return file_id


def place_of(asked: str) -> str | None:
    """A place in the list, if it is one of a day that there is."""
    try:
        moment_of(asked[:10])
    except ValueError:
        return None
    return asked if _PLACE.match(asked) else None


def _seconds(asked: str) -> float:
    return float(asked) if _SECONDS.match(asked) else 0.0


def _one_of(asked: str | None, known: Collection[str]) -> str:
    return asked if asked is not None and asked in known else ""
