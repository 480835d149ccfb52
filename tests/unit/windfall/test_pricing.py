"""Prices: every call that Windfall pays for has one, and what has none is not made up."""

from __future__ import annotations

import pytest

from windfall.contracts.features import ImageFeature, VideoFeature
from windfall.contracts.outcome import Outcome, OutcomeStatus, ServiceCall
from windfall.metering import image_call, video_call
from windfall.pricing import PriceList

PRICES = PriceList.of_region("us-east-1")


def call(operation: str, units: float, variant: str | None = None) -> ServiceCall:
    service, _, name = operation.partition(":")
    return ServiceCall(service=service, operation=name, variant=variant, count=1, units=units)


@pytest.mark.parametrize(
    ("paid", "dollars"),
    [
        (call("rekognition:DetectFaces", 1000), 1.0),
        (call("rekognition:DetectLabels", 1, "properties"), 0.00075),
        (call("comprehend:BatchDetectSentiment", 3), 0.0003),
        (call("translate:TranslateText", 1_000_000), 15.0),
        (call("polly:SynthesizeSpeech", 1_000_000, "neural"), 16.0),
        (call("polly:StartSpeechSynthesisTask", 1_000_000, "standard"), 4.0),
        (call("transcribe:StartTranscriptionJob", 60), 0.024),
        (call("transcribe:StartTranscriptionJob", 60, "redacted"), 0.0264),
    ],
)
def test_a_call_costs_what_the_list_says(paid: ServiceCall, dollars: float) -> None:
    assert PRICES.cost_of([paid]) == pytest.approx(dollars)


def test_every_feature_of_pictures_has_a_price() -> None:
    for image_feature in ImageFeature:
        assert PRICES.cost_of([image_call(image_feature)]), image_feature
    for video_feature in VideoFeature:
        assert PRICES.cost_of([video_call(video_feature, 60)]), video_feature


def test_one_unknown_price_leaves_the_sum_unknown() -> None:
    known = call("rekognition:DetectFaces", 1)
    assert PRICES.cost_of([known, call("rekognition:DetectDreams", 1)]) is None
    assert PRICES.cost_of([call("polly:SynthesizeSpeech", 1)]) is None
    assert PriceList.of_region("eu-nowhere-1").cost_of([known]) is None
    assert PRICES.cost_of([]) == 0


def test_every_price_names_its_unit_and_its_source() -> None:
    assert PRICES.date
    for name, price in PRICES.prices.items():
        assert price.usd > 0, name
        assert price.unit, name
        assert price.source, name


def test_an_outcome_carries_its_cost() -> None:
    outcome = Outcome(
        feature="faces",
        status=OutcomeStatus.OK,
        calls=[call("rekognition:DetectFaces", 2)],
    )
    assert PRICES.priced(outcome).cost == 0.002
