"""Estimates: what a plan's calls would cost, and what is assumed where a file does not tell."""

from __future__ import annotations

import io
import json
import wave
import zlib
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.fakes.collaborators import FakeProfiles
from tests.fakes.scoring import FakeScoringModels
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import S3Pointer
from windfall.contracts.estimate import Estimate
from windfall.estimating.files import Estimator
from windfall.estimating.languages import likely_language
from windfall.planning.files import FilePlanner
from windfall.planning.profiles import Overrides
from windfall.preflight.inspection import inspect
from windfall.pricing import PriceList

LETTER = "The harbour was quiet and the ships were waiting for the storm that never came. " * 5


def estimate_of(
    body: bytes,
    key: str = "a.bin",
    region: str = "us-east-1",
    request: Overrides | None = None,
    **profile: Any,
) -> Estimate:
    store = FakeObjectStore()
    pointer = store.drop("inbox", key, body)
    profiles = FakeProfiles({"default": json.dumps(profile)})
    planner = FilePlanner(store, profiles, FakeScoringModels())
    choice = planner.choose(key, {}, request or Overrides())
    with planner.look(store.open(S3Pointer(bucket="inbox", key=pointer.key)), key) as snapshot:
        inspection = inspect(snapshot, key, choice.tables)
        plan = planner.plan(inspection, choice, snapshot.size)
        estimator = Estimator(PriceList.of_region(region))
        return estimator.estimate(choice.name, plan, inspection, snapshot)


def costs(estimate: Estimate) -> dict[str, float | None]:
    return {one.feature: one.cost for one in estimate.features}


def picture(*lines: str) -> bytes:
    image = Image.new("L", (800, 600), 240)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(22)
    for number, line in enumerate(lines):
        draw.text((40, 40 + 44 * number), line, fill=20, font=font)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def silence(seconds: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(32_000 * seconds))
    return buffer.getvalue()


def test_a_picture_costs_each_feature_that_its_profile_names() -> None:
    found = estimate_of(picture(), image={"features": ["labels", "properties"]})
    assert costs(found) == {"labels": 0.001, "properties": 0.00075}
    assert found.cost == 0.00175
    assert (found.region, found.prices_of) == ("us-east-1", PriceList.of_region("us-east-1").date)


def test_what_is_asked_for_goes_before_the_profile() -> None:
    asked = Overrides(features=("faces", "sentiment"), targets=())
    assert set(costs(estimate_of(picture(), request=asked))) == {"faces"}
    assert set(costs(estimate_of(LETTER.encode(), request=asked))) == {"language", "sentiment"}


def test_a_text_is_counted_and_not_translated_into_its_own_language() -> None:
    text = LETTER.strip()
    found = estimate_of(LETTER.encode(), languages={"targets": ["en", "es"]}, speech={"voices": {}})
    (amount,) = (one for one in found.amounts if one.name == "text")
    assert (amount.value, amount.basis) == (len(text), None)
    assert found.language == "en"
    assert costs(found)["translation.en"] == 0
    assert costs(found)["translation.es"] == pytest.approx(15e-6 * len(text))
    assert costs(found)["sentiment"] == pytest.approx(1e-4 * 4)  # 399 characters are four units


def test_sound_and_marks_of_a_speech_are_both_billed() -> None:
    found = estimate_of(LETTER.encode(), languages={"targets": ["en"]})
    assert costs(found)["speech.en"] == pytest.approx(2 * 16e-6 * len(LETTER.strip()))


def test_a_recording_is_reckoned_by_its_length_and_stated_rates() -> None:
    found = estimate_of(silence(60), languages={"targets": ["es"]})
    assert costs(found)["transcript"] == pytest.approx(0.024)
    said = next(one for one in found.amounts if one.name == "what is said")
    assert said.value == 900
    assert said.basis is not None
    assert "150 words a minute" in said.basis
    assert {"translation.es", "dubbed.es"} <= set(costs(found))


def test_the_language_that_is_spoken_is_neither_translated_nor_dubbed() -> None:
    spanish = {"languages": ["es-ES"]}
    found = estimate_of(silence(9), audio=spanish, languages={"targets": ["es", "en"]})
    assert set(costs(found)) >= {"translation.en", "dubbed.en"}
    assert not {"translation.es", "dubbed.es"} & set(costs(found))
    assert (found.language, found.language_basis) == ("es", "the only one of audio.languages")


def test_what_is_longer_than_the_profile_takes_costs_nothing() -> None:
    found = estimate_of(
        LETTER.encode(), languages={"targets": ["es"], "max_characters": 10}, text={"features": []}
    )
    assert costs(found) == {"language": pytest.approx(0.0004), "translation.es": 0}


def test_a_region_without_prices_has_no_estimate() -> None:
    found = estimate_of(LETTER.encode(), region="eu-nowhere-1")
    assert (found.cost, found.prices_of) == (0, None)
    assert {"language", "sentiment"} <= set(found.unpriced)


def test_an_endpoint_is_not_paid_for_by_the_file_and_a_job_is() -> None:
    table = b"id,age\n1,41\n2,29\n"
    scored = estimate_of(table, "a.csv", table={"endpoint": "churn"})
    assert scored.unpriced == ["predictions"]
    batch = {"mode": "batch_transform", "model": "churn-model", "instance_count": 2}
    transformed = estimate_of(table, "a.csv", table=batch)
    assert transformed.cost == pytest.approx(2 * 240 * 0.115 / 3600, rel=1e-5)
    trained = estimate_of(table, "a.csv", table={"train": {"target": "age"}})
    assert set(costs(trained)) == {"training", "evaluation", "registration"}
    assert trained.unpriced == ["registration"]


def test_a_job_s_seconds_grow_with_the_table_and_may_be_half_or_double() -> None:
    batch = {"mode": "batch_transform", "model": "churn-model"}
    small = estimate_of(b"id,age\n1,41\n", "a.csv", table=batch)
    large = estimate_of(b"id,age\n" + b"1,41\n" * 1_000_000, "a.csv", table=batch)
    assert large.cost - small.cost == pytest.approx(5 * 0.2 * 0.115 / 3600, rel=1e-3)
    (found,) = large.features
    assert found.cost is not None
    assert found.least == pytest.approx(found.cost / 2)
    assert found.most == pytest.approx(found.cost * 2)
    assert "half or twice as many" in (large.amounts[-1].basis or "")
    (text,) = (one for one in estimate_of(LETTER.encode()).features if one.feature == "language")
    assert (text.least, text.most) == (None, None)


def test_a_page_is_told_from_a_picture_and_its_letters_are_about_as_many() -> None:
    lines = [
        "The museum is open from Tuesday to Sunday, ten to six.",
        "Tickets cost twelve euros; children under six enter free.",
        "On Monday the new exhibition about the lighthouse opens.",
        "Doctor Martin will speak about its history and its keepers.",
    ]
    page = estimate_of(picture(*lines))
    shown = next(one for one in page.amounts if one.name == "text in the picture")
    assert shown.value == pytest.approx(sum(map(len, lines)), rel=0.3)
    assert "translation.es" in costs(page)
    buffer = io.BytesIO()
    turned = Image.open(io.BytesIO(picture(*lines))).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # a camera that was held upright
    turned.save(buffer, "JPEG", exif=exif)
    sideways = estimate_of(buffer.getvalue())
    assert "translation.es" in costs(sideways)
    noise = Image.effect_noise((600, 400), 90)
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    assert "language" not in costs(estimate_of(buffer.getvalue()))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (LETTER, "en"),
        ("El puerto estaba tranquilo y los barcos esperaban en la bahía.", "es"),
        ("Die Schiffe lagen im Hafen, und der Sturm kam nicht.", "de"),
        ("港は静かで、船は嵐を待っていた。", "ja"),
        ("qwrt zxcv bnmp", None),
        ("", None),
    ],
)
def test_a_language_is_guessed_by_its_small_words(text: str, language: str | None) -> None:
    assert likely_language(text) == language


def test_a_large_text_is_weighed_and_not_read() -> None:
    body = LETTER.encode() * 14_000
    found = estimate_of(body, "a.txt", languages={"targets": []}, text={"features": []})
    (amount,) = found.amounts
    assert (amount.value, found.language) == (len(body), "en")
    assert amount.basis is not None
    assert costs(found) == {"language": pytest.approx(1e-4 * 50)}


def test_a_picture_that_can_not_be_decoded_shows_no_text() -> None:
    whole = picture("A line of text.", "And another one.", "And one more below them.")
    place = whole.index(b"IDAT") + 4
    length = int.from_bytes(whole[place - 8 : place - 4], "big")
    broken = bytes(length)
    chunk = b"IDAT" + broken + zlib.crc32(b"IDAT" + broken).to_bytes(4, "big")
    found = estimate_of(whole[: place - 4] + chunk + whole[place + length + 4 :])
    (shown,) = (one for one in found.amounts if one.name == "text in the picture")
    assert (shown.value, shown.basis) == (0, "it can not be decoded")
