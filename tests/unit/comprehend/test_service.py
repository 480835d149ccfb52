"""Comprehend's operations over engines that answer what the test says."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.fakes.service_model import model_violations
from windfall_local.api import CallContext, Cloud, Principal, ServiceError
from windfall_local.engines import EngineDiedError, EngineUnavailableError, UnsupportedFeatureError
from windfall_local.engines.host import EngineHost
from windfall_local.engines.language import (
    LanguageGuess,
    Mention,
    Sentiment,
    Span,
    Token,
)
from windfall_local.services.comprehend import ComprehendService

SPAN = Span("PERSON", "Ana", 0, 3, 0.9)
FEELING = Sentiment(0.7, 0.1, 0.15, 0.05)

ANSWERS: dict[str, Any] = {
    "identify": [LanguageGuess("en", 0.98)],
    "sentiment": FEELING,
    "entities": [SPAN],
    "key_phrases": [SPAN],
    "syntax": [Token("Ana", 0, 3, "PROPN", 0.9)],
    "personal_data": [Span("NAME", "Ana", 0, 3, 0.8), Span("NAME", "Eva", 5, 8, 0.9)],
    "targeted_sentiment": [[Mention(SPAN, FEELING)]],
    "translate": "in English",
}


class FakeHost(EngineHost):
    """Answers by the method's name, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        super().__init__()
        self._answers = {**ANSWERS, **answers}
        self.asked: list[tuple[Any, ...]] = []

    async def run(self, engine: str, method: str, *arguments: Any) -> Any:
        self.asked.append((method, *arguments))
        answer = self._answers[method]
        if isinstance(answer, Exception):
            raise answer
        return answer


CONTEXT = CallContext(cast(Cloud, None), Principal.root(), "request")


async def call(operation: str, host: FakeHost | None = None, **parameters: Any) -> Any:
    service = ComprehendService(cast(Cloud, None), host or FakeHost())
    return await service.call(operation, parameters, CONTEXT)


async def refusal(operation: str, host: FakeHost | None = None, **parameters: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await call(operation, host, **parameters)
    return caught.value


SINGLE = {
    "DetectDominantLanguage": (100_000, False),
    "DetectSentiment": (5_000, True),
    "DetectTargetedSentiment": (5_000, True),
    "DetectEntities": (100_000, True),
    "DetectKeyPhrases": (100_000, True),
    "DetectSyntax": (5_000, True),
    "DetectPiiEntities": (100_000, True),
    "ContainsPiiEntities": (100_000, True),
}
BATCHES = [
    f"Batch{name}" for name in SINGLE if name not in ("DetectPiiEntities", "ContainsPiiEntities")
]


def language_for(operation: str) -> dict[str, Any]:
    return {} if operation.endswith("DominantLanguage") else {"LanguageCode": "en"}


@pytest.mark.parametrize("operation", SINGLE)
async def test_an_answer_fits_the_model(operation: str) -> None:
    answer = await call(operation, Text="Ana", **language_for(operation))
    assert model_violations("comprehend", operation, answer) == []


@pytest.mark.parametrize("operation", BATCHES)
async def test_a_batch_answer_fits_the_model(operation: str) -> None:
    texts = ["one", "", "x" * 5_001, "four"]
    answer = await call(operation, TextList=texts, **language_for(operation))
    assert model_violations("comprehend", operation, answer) == []
    assert [item["Index"] for item in answer["ResultList"]] == [0, 3]
    assert [item["Index"] for item in answer["ErrorList"]] == [1, 2]
    assert answer["ErrorList"][1]["ErrorCode"] == "TEXT_SIZE_LIMIT_EXCEEDED"


@pytest.mark.parametrize(("operation", "limit"), [(n, limit) for n, (limit, _) in SINGLE.items()])
async def test_the_limit_counts_bytes(operation: str, limit: int) -> None:
    language = language_for(operation)
    assert await call(operation, Text="é" * (limit // 2), **language)
    error = await refusal(operation, Text="é" * (limit // 2) + "x", **language)
    assert error.code == "TextSizeLimitExceededException"
    assert error.message == (
        f"Input text size exceeds limit. Max length of request text allowed is {limit} bytes "
        f"while in this request the text size is {limit + 1} bytes"
    )


@pytest.mark.parametrize("operation", SINGLE)
async def test_an_empty_text_is_invalid(operation: str) -> None:
    error = await refusal(operation, Text="", **language_for(operation))
    assert error.code == "ValidationException"


@pytest.mark.parametrize("operation", BATCHES)
async def test_a_batch_has_at_most_25_texts(operation: str) -> None:
    language = language_for(operation)
    answer = await call(operation, TextList=["a"] * 25, **language)
    assert len(answer["ResultList"]) == 25
    error = await refusal(operation, TextList=["a"] * 26, **language)
    assert error.code == "BatchSizeLimitExceededException"
    assert (await refusal(operation, TextList=[], **language)).code == "InvalidRequestException"


async def test_what_is_no_language_of_comprehend_is_invalid() -> None:
    error = await refusal("DetectSentiment", Text="a", LanguageCode="sv")
    assert error.code == "ValidationException"


@pytest.mark.parametrize(
    ("operation", "language"),
    [
        ("DetectSyntax", "ja"),
        ("DetectPiiEntities", "fr"),
        ("ContainsPiiEntities", "de"),
        ("DetectTargetedSentiment", "es"),
    ],
)
async def test_a_language_that_aws_refuses_is_refused_alike(operation: str, language: str) -> None:
    error = await refusal(operation, Text="a", LanguageCode=language)
    assert error.code == "UnsupportedLanguageException"


async def test_a_language_that_only_aws_knows_is_not_answered_here() -> None:
    host = FakeHost(entities=UnsupportedFeatureError("not in ko"))
    error = await refusal("DetectEntities", host, Text="a", LanguageCode="ko")
    assert (error.status, "not in ko" in error.message) == (501, True)


async def test_a_missing_engine_is_named_with_its_remedy() -> None:
    host = FakeHost(identify=EngineUnavailableError("Run this."))
    error = await refusal("DetectDominantLanguage", host, Text="a")
    assert (error.status, "Run this." in error.message) == (501, True)


async def test_a_batch_without_its_engine_is_refused_whole() -> None:
    host = FakeHost(sentiment=EngineUnavailableError("Run this."))
    error = await refusal("BatchDetectSentiment", host, TextList=["a"], LanguageCode="en")
    assert error.status == 501


async def test_spanish_sentiment_is_read_in_its_translation() -> None:
    host = FakeHost()
    await call("DetectSentiment", host, Text="hola", LanguageCode="es")
    assert host.asked == [
        ("translate", "hola", "es", "en"),
        ("sentiment", "in English", "en"),
    ]


async def test_spanish_sentiment_without_a_translator_names_the_remedy() -> None:
    host = FakeHost(translate=EngineUnavailableError("Run `windfall models pull`."))
    error = await refusal("DetectSentiment", host, Text="hola", LanguageCode="es")
    assert (error.status, "windfall models pull" in error.message) == (501, True)


@pytest.mark.parametrize(
    ("operation", "text"),
    [("DetectEntities", {"Text": "a"}), ("BatchDetectEntities", {"TextList": ["a"]})],
)
async def test_an_engine_that_died_is_an_error_to_retry(
    operation: str, text: dict[str, Any]
) -> None:
    host = FakeHost(entities=EngineDiedError("died"))
    error = await refusal(operation, host, **text, LanguageCode="en")
    assert (error.status, error.code) == (500, "InternalServerException")


async def test_a_kind_of_personal_data_is_named_once_with_its_strongest_evidence() -> None:
    answer = await call("ContainsPiiEntities", Text="Ana, Eva", LanguageCode="en")
    assert answer == {"Labels": [{"Name": "NAME", "Score": 0.9}]}


async def test_personal_data_is_not_repeated_in_the_answer() -> None:
    answer = await call("DetectPiiEntities", Text="Ana, Eva", LanguageCode="en")
    assert "Text" not in answer["Entities"][0]


@pytest.mark.parametrize("name", ["EndpointArn", "Bytes", "DocumentReaderConfig"])
async def test_custom_recognizers_are_refused_by_name(name: str) -> None:
    custom: dict[str, Any] = {name: b"x"}
    error = await refusal("DetectEntities", Text="a", LanguageCode="en", **custom)
    assert (error.status, name in error.message) == (501, True)


async def test_an_operation_that_is_not_there_is_refused_by_name() -> None:
    error = await refusal("StartTopicsDetectionJob")
    assert (error.status, "StartTopicsDetectionJob" in error.message) == (501, True)
