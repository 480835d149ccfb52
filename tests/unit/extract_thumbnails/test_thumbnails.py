"""extract_thumbnails: a picture of each shot, upright, and a sheet of them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from extract_thumbnails.choosing import MOST, moments
from extract_thumbnails.drawing import sheet_of, spelled
from extract_thumbnails.logic import ThumbnailExtractor
from extract_thumbnails.models import ExtractThumbnailsTask
from tests.fakes.films import BLUE, GREEN, RED, film
from tests.fakes.recordings import encode, tone
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import OutputLocation, S3Pointer
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.contracts.timeline import Findings, Interval, Thumbnails, as_file
from windfall.errors import WorkContinuesError

OUTPUT = OutputLocation(bucket="results", prefix="results/f/")
SCENES = ((RED, 2.0), (GREEN, 1.0), (BLUE, 2.0))
PLENTY = 900_000


def shots(*spans: tuple[int, int]) -> list[Interval]:
    return [
        Interval(kind="shot", value=f"shot {number}", start=start, end=end)
        for number, (start, end) in enumerate(spans, 1)
    ]


class Stage:
    """The function over a store in memory."""

    def __init__(self, body: bytes, found: Sequence[Interval] | None = None) -> None:
        self.store = FakeObjectStore()
        source = self.store.drop("inbox", "a.mp4", body)
        segments = None
        if found is not None:
            findings = Findings(feature="segments", intervals=list(found))
            segments = self.store.drop("results", "results/f/segments.json", as_file(findings))
        self.task = ExtractThumbnailsTask(
            source=source, format="mp4", output=OUTPUT, segments=segments
        )
        self.extractor = ThumbnailExtractor(self.store)

    def extract(self, left: int = PLENTY) -> Outcome:
        return self.extractor.extract(self.task, lambda: left)

    def read(self, name: str) -> bytes:
        return self.store.read(S3Pointer(bucket="results", key=f"results/f/{name}"))

    def pictures(self) -> list[Image.Image]:
        index = Thumbnails.model_validate_json(self.read("thumbnails.json"))
        return [Image.open(io.BytesIO(self.read(one.name))) for one in index.thumbnails]

    def colours(self) -> list[tuple[int, ...]]:
        means = [np.asarray(picture).mean(axis=(0, 1)) for picture in self.pictures()]
        return [tuple(round(value) for value in mean) for mean in means]


def looks_like(colour: tuple[int, ...], wanted: tuple[int, int, int]) -> bool:
    return max(abs(a - b) for a, b in zip(colour, wanted, strict=True)) < 25


def test_each_shot_has_a_picture_of_its_middle() -> None:
    stage = Stage(film(SCENES), shots((0, 2_000), (2_000, 3_000), (3_000, 5_000)))
    outcome = stage.extract()
    assert (outcome.status, outcome.summary) == (OutcomeStatus.OK, {"count": 3})
    for colour, (wanted, _) in zip(stage.colours(), SCENES, strict=True):
        assert looks_like(colour, wanted)
    assert list(stage.store.list("results", "results/f/thumbnails/"))[1].endswith("000002500.jpg")


def test_a_video_without_known_shots_has_pictures_too() -> None:
    stage = Stage(film(SCENES))
    assert stage.extract().summary == {"count": 1}
    assert looks_like(stage.colours()[0], GREEN)


def test_the_picture_of_a_moment_is_the_one_that_is_seen_then() -> None:
    """Frames stay for unequal times: the one before the moment, never the one after it."""
    body = film(((RED, 1.0), (BLUE, 1.0)), stays=(25,))
    stage = Stage(body, shots((0, 1_980)))
    stage.extract()
    assert looks_like(stage.colours()[0], RED)


@pytest.mark.parametrize(("rotation", "size"), [(90, (96, 160)), (180, (160, 96))])
def test_pictures_stand_upright(rotation: int, size: tuple[int, int]) -> None:
    stage = Stage(film(((RED, 1.0),), rotation=rotation))
    stage.extract()
    assert [picture.size for picture in stage.pictures()] == [size]


def test_pictures_are_small() -> None:
    stage = Stage(film(((RED, 0.2),), size=(1_920, 1_080)))
    stage.extract()
    assert [picture.size for picture in stage.pictures()] == [(480, 270)]


def test_the_sheet_shows_them_all() -> None:
    stage = Stage(film(SCENES), shots((0, 2_000), (2_000, 3_000), (3_000, 5_000)))
    result = stage.extract().result
    assert result is not None
    sheet = np.asarray(Image.open(io.BytesIO(stage.store.read(result)))).reshape(-1, 3)
    for colour, _ in SCENES:
        assert (np.abs(sheet.astype(int) - colour).max(axis=1) < 25).mean() > 0.1


def test_work_goes_on_where_it_was_left() -> None:
    stage = Stage(film(SCENES), shots((0, 2_000), (2_000, 3_000), (3_000, 5_000)))
    tries = 0
    while True:
        tries += 1
        try:
            stage.extract(left=1_000)
        except WorkContinuesError:
            continue
        break
    assert 1 < tries <= 3
    assert len(stage.pictures()) == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (encode("m4a", tone(1.0)), "no pictures"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "can't be read"),
    ],
)
def test_what_has_no_pictures_says_so(body: bytes, reason: str) -> None:
    outcome = Stage(body).extract()
    assert outcome.status is OutcomeStatus.FAILED
    assert reason in (outcome.reason or "")


def test_a_shot_behind_the_end_has_the_last_picture() -> None:
    stage = Stage(film(SCENES), shots((8_000, 9_000)))
    stage.extract()
    assert looks_like(stage.colours()[0], BLUE)


def test_many_shots_are_thinned_and_long_videos_without_them_divided() -> None:
    many = shots(*[(number * 100, number * 100 + 100) for number in range(1_000)])
    assert len(moments(many, 100_000)) == MOST
    assert moments([], 0) == [0]
    assert moments([], 60_000) == [5_000, 15_000, 25_000, 35_000, 45_000, 55_000]
    assert len(moments([], 7_200_000)) == 12


def test_a_sheet_of_many_pictures_has_some() -> None:
    body = io.BytesIO()
    Image.new("RGB", (480, 270), "red").save(body, "JPEG")
    sheet = Image.open(io.BytesIO(sheet_of([(time, body.getvalue()) for time in range(90)])))
    assert sheet.width < 1_100
    assert sheet.height < 1_300


@pytest.mark.parametrize(
    ("time", "words"), [(0, "0:00.0"), (61_240, "1:01.2"), (3_723_500, "1:02:03.5")]
)
def test_times_are_written_as_players_do(time: int, words: str) -> None:
    assert spelled(time) == words
