"""The pages over HTTP: who may ask, what is listed and found, how objects are handed out."""

from __future__ import annotations

import http.client
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.fakes.shelf import Shelf
from windfall.adapters.dynamodb_spending import DynamoSpending
from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.contracts.subject import Kind
from windfall.ports.spending import Spent
from windfall_cli.browse.application import place_of
from windfall_cli.browse.library import PAGE_SIZE, Library
from windfall_cli.browse.server import listening
from windfall_cli.errors import CommandError

BOX = {"BoundingBox": {"Left": 0.25, "Top": 0.5, "Width": 0.5, "Height": 0.25}}
LABELS: dict[str, Any] = {
    "Labels": [
        {
            "Name": "Person",
            "Confidence": 90.0,
            "Instances": [{**BOX, "Confidence": 90.0}],
            "Parents": [],
        }
    ]
}
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def get(url: str, method: str = "GET", **headers: str) -> Answer:
    """Ask without following anything; a header `host` takes the place of the real one."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, headers=headers)
        answer = connection.getresponse()
        lowered = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, lowered, answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def photo(shelf: Shelf, demo: Path) -> Manifest:
    failed = Outcome(feature="faces", status=OutcomeStatus.FAILED, reason=f"It broke: {EVIL}")
    body = (demo / "portrait.jpg").read_bytes()
    return shelf.put("photo.jpg", body, Kind.IMAGE, "jpeg", {"labels": LABELS}, more=[failed])


@pytest.fixture(scope="module")
def hostile(shelf: Shelf) -> Manifest:
    others = {"page.html": b"<script>alert(1)</script>", "x.svg": b"<svg onload='alert(1)'/>"}
    name = f"{EVIL}\u202egnp.html"
    found = {"Entities": [{"Text": EVIL, "Type": "PERSON", "Score": 0.9}]}
    return shelf.put(name, EVIL.encode(), Kind.TEXT, "html", {"entities": found}, others=others)


def test_only_who_knows_the_token_is_answered(address: str) -> None:
    root = f"http://{urlsplit(address).netloc}"
    for path in ("/", "/search?q=dog", "/static/browse.css", "/wrong-token/", "//"):
        assert get(root + path).status == 403
    assert get(address).status == 200


def test_another_name_for_this_machine_is_refused(address: str) -> None:
    assert get(address, Host="evil.example").status == 421
    assert get(address, Host=f"evil.example:{urlsplit(address).port}").status == 421
    assert get(address, Host=f"localhost:{urlsplit(address).port}").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"])
def test_nothing_but_get_is_answered(address: str, method: str) -> None:
    assert get(address, method).status == 405


def test_every_answer_has_a_strict_policy(address: str, photo: Manifest) -> None:
    for path in ("", "search?q=x", f"files/{photo.file_id}", "nowhere", "static/browse.js"):
        answer = get(address + path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_files_are_listed_with_status_reason_and_cost(
    address: str, photo: Manifest, shelf: Shelf
) -> None:
    shelf.turn_away("backup.zip", "The file is an archive.")
    page = get(address).text
    assert page.index("backup.zip") < page.index("photo.jpg")
    assert "The file is an archive." in page
    assert "$0.0010" in page
    only = get(f"{address}?status=rejected").text
    assert "backup.zip" in only
    assert "photo.jpg" not in only
    assert "photo.jpg" in get(f"{address}?kind=image").text
    assert "photo.jpg" not in get(f"{address}?kind=audio").text


def test_a_long_list_is_turned_page_by_page(address: str, shelf: Shelf) -> None:
    for number in range(PAGE_SIZE + 3):
        ago = timedelta(days=2, minutes=number)
        shelf.put(f"many-{number:02}.txt", b"x", Kind.TEXT, "txt", {}, ago=ago)
    seen: list[str] = []
    url = f"{address}?kind=text"
    for _ in range(4):
        page = get(url).text
        seen += re.findall(r"many-(\d\d)\.txt", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        assert older is not None
        url = f"http://{urlsplit(address).netloc}{older[1].replace('&amp;', '&')}"
    assert seen == [f"{number:02}" for number in range(PAGE_SIZE + 3)]


@pytest.mark.parametrize(
    "place", ["0001-01-05", "2026-13-01", "x", "2026-02-30", "2999-12-31", "2026-10-31#x"]
)
def test_a_place_that_there_is_not_is_no_error(address: str, place: str) -> None:
    assert get(f"{address}?older={place}").status == 200


def test_places_of_every_day_are_taken() -> None:
    now = datetime.now(UTC)
    for days in range(32):
        day = now - timedelta(days=days)
        place = f"{day:%Y-%m-%d}T12:00:00.000Z#{'a' * 40}"
        assert place_of(place) == place
    assert place_of(f"{now:%Y-%m-%d}Z") is not None


def test_a_file_is_shown_with_its_boxes_outcomes_and_results(address: str, photo: Manifest) -> None:
    page = get(f"{address}files/{photo.file_id}").text
    assert '<rect class="box layer-labels" x="0.25" y="0.5" width="0.5" height="0.25"' in page
    assert "<title>Person, 90 %</title>" in page
    assert "It broke: &#34;&gt;&lt;script&gt;" in page
    assert f"files/{photo.file_id}/results/labels.json?download" in page


def test_what_is_found_leads_to_its_file(address: str, photo: Manifest) -> None:
    page = get(f"{address}search?q=PERSON").text
    assert f"files/{photo.file_id}" in page
    assert "label: <bdi>Person</bdi>, 90 %" in page
    assert f"files/{photo.file_id}" not in get(f"{address}search?q=person&type=entity").text
    assert "Nothing is called so" in get(f"{address}search?q=nobody").text


@pytest.mark.parametrize("words", ["%2F", ".", "%00", "%20", "%F0%9F%93%B7", "x" * 300, "%FF%FE"])
def test_nobody_can_search_for_an_error(address: str, words: str) -> None:
    assert get(f"{address}search?q={words}").status == 200


def test_a_file_is_found_by_the_beginning_of_its_id(address: str, photo: Manifest) -> None:
    for words in (photo.file_id, photo.file_id[:8]):
        page = get(f"{address}search?q={words}").text
        assert f'called so: <a href="/{urlsplit(address).path[1:]}files/{photo.file_id}"' in page


def test_hostile_names_and_texts_stay_texts(address: str, hostile: Manifest) -> None:
    for path in ("", f"files/{hostile.file_id}", "search?q=person", f"search?q={'%3Cscript%3E'}"):
        page = get(address + path).text
        assert "<script>" not in page
        assert "<img src=x" not in page
        assert "\u202e" not in page


def test_results_of_files_are_never_run(address: str, hostile: Manifest) -> None:
    at = f"{address}files/{hostile.file_id}"
    for path in ("/original", "/results/page.html", "/results/x.svg", "/manifest.json"):
        answer = get(at + path)
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert "sandbox" in answer.headers["content-security-policy"]


def test_only_what_the_manifest_names_is_handed_out(address: str, photo: Manifest) -> None:
    at = f"{address}files/{photo.file_id}/results/"
    other = f"{address}files/{'0' * 40}"
    for url in (at + "manifest.json", at + "../manifest.json", at + "%2e%2e/x", at, other):
        assert get(url).status == 404
    assert get(f"{address}files/{photo.file_id.upper()}").status == 404
    assert get(f"{address}static/../templates/base.html").status == 404
    assert get(f"{address}static/%2e%2e/server.py").status == 404


def test_media_are_sent_by_ranges(address: str, photo: Manifest, demo: Path) -> None:
    body = (demo / "portrait.jpg").read_bytes()
    url = f"{address}files/{photo.file_id}/original"
    whole = get(url)
    assert (whole.status, whole.body) == (200, body)
    assert whole.headers["content-type"] == "image/jpeg"
    part = get(url, Range="bytes=10-19")
    assert (part.status, part.body) == (206, body[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(body)}"
    assert get(url, Range="bytes=-5").body == body[-5:]
    assert get(url, Range=f"bytes={len(body) - 3}-").body == body[-3:]
    assert get(url, Range=f"bytes={len(body)}-").status == 416
    assert get(url, Range="lines=1-2").status == 200
    assert get(url, Range="bytes=0-1,4-5").body == body


def test_a_photo_has_a_small_picture_and_a_text_has_none(
    address: str, photo: Manifest, hostile: Manifest
) -> None:
    small = get(f"{address}files/{photo.file_id}/thumbnail")
    assert small.headers["content-type"] == "image/jpeg"
    assert len(small.body) < 20_000
    assert small.body[:2] == b"\xff\xd8"
    nothing = get(f"{address}files/{hostile.file_id}/thumbnail")
    assert (nothing.status, nothing.headers["content-type"]) == (200, "image/png")


def test_a_report_is_shown_where_nothing_in_it_runs(address: str, shelf: Shelf) -> None:
    report = b"<!doctype html><script>alert(1)</script>"
    trained = shelf.put("t.csv", b"a", Kind.DATASET, "csv", {}, others={"report.html": report})
    at = f"{address}files/{trained.file_id}"
    assert '<iframe class="report" sandbox src=' in get(at).text
    answer = get(f"{at}/results/report.html")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy


def test_the_beginning_of_a_scored_table_is_shown(address: str, shelf: Shelf) -> None:
    others = {"predictions.csv": b"row,name,prediction\n1,<b>x</b>,yes\n", "rejected.csv": b""}
    scored = shelf.put("s.csv", b"a", Kind.TABLE, "csv", {}, others=others)
    page = get(f"{address}files/{scored.file_id}").text
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "Predictions, the first 1" in page


def test_costs_are_summed_as_asked(address: str, library: Library) -> None:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    table = library.stack.output("InsightsTableName")
    book = DynamoSpending(table, library.stack.client("dynamodb"))
    book.record(
        Spent(
            analysis_id="d" * 40,
            attempt=1,
            day=today,
            file_id="e" * 40,
            key="photo.jpg",
            kind="image",
            profile="default",
            cost=1.25,
            features={"labels": 1.25, "moderation": None},
        )
    )
    page = get(f"{address}costs?by=file&days=7").text
    assert "photo.jpg" in page
    assert "$1.2500" in page
    assert "No price is known for moderation" in page
    assert get(f"{address}costs?by=nothing&days=x").status == 200


def test_what_is_held_has_the_command_that_lets_it_go_on(address: str, shelf: Shelf) -> None:
    shelf.turn_away("dear.mp4", "Too dear.", FileStatus.HELD)
    page = get(f"{address}?status=held").text
    assert "dear.mp4" in page
    assert "windfall approve ID" in page


def test_two_pages_do_not_share_a_port(address: str) -> None:
    taken = urlsplit(address).port
    assert taken is not None
    with pytest.raises(CommandError, match=f"port {taken}"), listening(taken):
        pass
