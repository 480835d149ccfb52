"""Comprehend through boto3, the gateway and the engine's own process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from windfall_local.engines.models import ModelStore

SAMPLES = Path(__file__).parents[3] / "../shared/samples/text"
HAS_APERTIUM = any(
    state.model.name == "apertium" and state.status == "installed"
    for state in ModelStore().states()
)
COMPLAINT = "La caja llegó rota y nadie me ayudó. Es la peor experiencia que he tenido."


@pytest.fixture
def comprehend(client: Callable[[str], Any]) -> Any:
    return client("comprehend")


def sample(name: str) -> str:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the sample {name} is not here")
    return path.read_text()


def test_the_language_of_a_text(comprehend: Any) -> None:
    answer = comprehend.detect_dominant_language(Text="El paquete llegó con retraso.")
    assert answer["Languages"][0]["LanguageCode"] == "es"


def test_an_english_review(comprehend: Any) -> None:
    text = sample("review-en.txt")
    sentiment = comprehend.detect_sentiment(Text=text, LanguageCode="en")
    assert sentiment["Sentiment"] == "POSITIVE"
    entities = comprehend.detect_entities(Text=text, LanguageCode="en")["Entities"]
    assert {(entity["Type"], entity["Text"]) for entity in entities} >= {
        ("LOCATION", "Lisbon"),
        ("ORGANIZATION", "Harbour View Hotel"),
        ("PERSON", "Maria"),
        ("DATE", "3 to 7 May 2025"),
        ("DATE", "next spring"),
        ("QUANTITY", "180 euros"),
    }
    phrases = comprehend.detect_key_phrases(Text=text, LanguageCode="en")["KeyPhrases"]
    assert "the front desk" in {phrase["Text"] for phrase in phrases}


def test_personal_data(comprehend: Any) -> None:
    text = sample("pii-en.txt")
    entities = comprehend.detect_pii_entities(Text=text, LanguageCode="en")["Entities"]
    found = {e["Type"]: text[e["BeginOffset"] : e["EndOffset"]] for e in entities}
    assert found == {
        "NAME": "Jane Roe",
        "EMAIL": "jane.roe@example.com",
        "PHONE": "+1 206 555 0142",
        "CREDIT_DEBIT_NUMBER": "4111 1111 1111 1111",
        "CREDIT_DEBIT_EXPIRY": "09/28",
        "ADDRESS": "221B Example Street, Springfield",
        "IP_ADDRESS": "203.0.113.7",
        "DATE_TIME": "2 January 2024",
    }
    labels = comprehend.contains_pii_entities(Text=text, LanguageCode="en")["Labels"]
    assert {label["Name"] for label in labels} == set(found)


def test_a_batch_keeps_its_order_and_its_errors(comprehend: Any) -> None:
    answer = comprehend.batch_detect_sentiment(
        TextList=["I love it!", "x" * 5_001, "It is awful."], LanguageCode="en"
    )
    labels = [(item["Index"], item["Sentiment"]) for item in answer["ResultList"]]
    assert labels == [(0, "POSITIVE"), (2, "NEGATIVE")]
    assert [item["Index"] for item in answer["ErrorList"]] == [1]


def test_every_other_operation_answers(comprehend: Any) -> None:
    english = {"LanguageCode": "en"}
    text = "Maria found the keys."
    assert comprehend.detect_syntax(Text=text, **english)["SyntaxTokens"][0]["TokenId"] == 1
    assert comprehend.detect_targeted_sentiment(Text=text, **english)["Entities"]
    for operation in ("entities", "key_phrases", "syntax", "targeted_sentiment"):
        method = getattr(comprehend, f"batch_detect_{operation}")
        assert len(method(TextList=[text, text], **english)["ResultList"]) == 2
    assert comprehend.batch_detect_dominant_language(TextList=[text])["ResultList"]


@pytest.mark.models
@pytest.mark.skipif(not HAS_APERTIUM, reason="apertium is missing: windfall models pull")
def test_a_spanish_complaint_is_negative(comprehend: Any) -> None:
    answer = comprehend.detect_sentiment(Text=COMPLAINT, LanguageCode="es")
    assert answer["Sentiment"] == "NEGATIVE"


def test_a_language_that_no_engine_knows_is_not_answered(comprehend: Any) -> None:
    with pytest.raises(ClientError) as caught:
        comprehend.detect_entities(Text="今日は", LanguageCode="ja")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_text_over_the_limit_has_awss_error(comprehend: Any) -> None:
    with pytest.raises(comprehend.exceptions.TextSizeLimitExceededException):
        comprehend.detect_sentiment(Text="x" * 5_001, LanguageCode="en")
