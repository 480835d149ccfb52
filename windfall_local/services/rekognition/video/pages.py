"""Pages of results, and the tokens that lead from one to the next."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

from windfall_local.api import ServiceError
from windfall_local.services.rekognition.parameters import invalid
from windfall_local.services.rekognition.video.results import Results

MOST = 1000
"""Results of a page at most, and by default."""
TOKEN_LIFE = 24 * 3600
"""Seconds for which a token is good. Rekognition developer guide, "Guidelines and quotas"."""


def page(
    folder: Path, job_id: str, name: str, order: str, request: dict[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """A page of results, and `NextToken` where more follow.

    Raises:
        ServiceError: The token is not one of this list, or is too old.
    """
    most = int(request.get("MaxResults") or MOST)
    if most < 1:
        raise invalid(f"MaxResults is {most}; it must be at least 1.")
    # More than a thousand is not refused: a thousand come.
    most = min(most, MOST)
    view = f"{job_id[:16]}/{name}/{order}"
    begin = _place(str(request["NextToken"]), view) if request.get("NextToken") else 0
    items, total = Results(folder, name).page(order, begin, most)
    end = begin + len(items)
    return items, {"NextToken": _token(end, view)} if end < total else {}


def _token(begin: int, view: str) -> str:
    written = json.dumps([begin, view, int(time.time())])
    return base64.urlsafe_b64encode(written.encode()).decode()


def _place(token: str, view: str) -> int:
    try:
        begin, of, written = json.loads(base64.urlsafe_b64decode(token))
        if of == view and time.time() - written <= TOKEN_LIFE and begin >= 0:
            return int(begin)
    except (ValueError, TypeError):
        pass
    raise ServiceError("InvalidPaginationTokenException", "The NextToken is not valid.")
