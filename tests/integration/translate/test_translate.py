"""Translate through boto3, the gateway and the real Apertium."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from windfall_local.engines.models import ModelStore
from windfall_local.engines.translation.apertium import ApertiumEngine

HAS_APERTIUM = any(
    state.model.name == "apertium" and state.status == "installed"
    for state in ModelStore().states()
)
pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(not HAS_APERTIUM, reason="apertium is missing: windfall models pull"),
]

ALLOWED = {"Effect": "Allow", "Action": "translate:TranslateText", "Resource": "*"}
DETECTION = {"Effect": "Allow", "Action": "comprehend:DetectDominantLanguage", "Resource": "*"}


@pytest.fixture
def translate(client: Callable[[str], Any]) -> Any:
    return client("translate")


@pytest.fixture
def engine() -> Iterator[ApertiumEngine]:
    engine = ApertiumEngine()
    yield engine
    engine.close()


@pytest.mark.parametrize(
    ("source", "target", "text", "words"),
    [
        ("en", "es", "The house is big.", "La casa es grande."),
        ("es", "en", "La casa es grande.", "The house is big."),
        ("en", "ca", "The house is big.", "La casa és gran."),
        ("es", "pt", "La casa es grande.", "A casa é grande."),
        ("es", "fr", "La casa es grande.", "La maison est grande."),
        ("es", "it", "La casa es grande.", "La casa è grande."),
        ("fr", "en", "La maison est grande.", "The house is big."),
    ],
)
def test_a_plain_sentence_is_right(
    translate: Any, source: str, target: str, text: str, words: str
) -> None:
    answer = translate.translate_text(
        Text=text, SourceLanguageCode=source, TargetLanguageCode=target
    )
    assert answer["TranslatedText"] == words


def test_everything_but_words_stays(translate: Any) -> None:
    text = "* [one] {two}  $5 <b>\n\n  @you ^ / \\ three\r\nfour"
    answer = translate.translate_text(Text=text, SourceLanguageCode="en", TargetLanguageCode="es")
    signs = "".join(character for character in text if not character.isalnum())
    kept = answer["TranslatedText"]
    assert "".join(character for character in kept if not character.isalnum()) == signs


@pytest.mark.parametrize("sign", list("[]{}^$/\\@<>*#+~|_=;:'"))
def test_no_sign_stops_the_engine(engine: ApertiumEngine, sign: str) -> None:
    assert sign in engine.translate(sign, "en", "es")
    assert sign in engine.translate(f"the house {sign}", "en", "ca")


def test_a_language_is_detected(translate: Any) -> None:
    answer = translate.translate_text(
        Text="El paquete llegó con dos semanas de retraso.",
        SourceLanguageCode="auto",
        TargetLanguageCode="en",
    )
    assert answer["SourceLanguageCode"] == "es"


def test_detection_needs_its_own_permission(
    client: Callable[..., Any], role: Callable[..., Any]
) -> None:
    request = {
        "Text": "El paquete llegó tarde.",
        "SourceLanguageCode": "auto",
        "TargetLanguageCode": "en",
    }
    with pytest.raises(ClientError, match="comprehend:DetectDominantLanguage"):
        client("translate", role(ALLOWED)).translate_text(**request)
    assert client("translate", role(ALLOWED, DETECTION)).translate_text(**request)


def test_terms_are_kept_by_the_real_engine(translate: Any) -> None:
    translate.import_terminology(
        Name="hotel",
        MergeStrategy="OVERWRITE",
        TerminologyData={"File": b"en,es\nHarbour View,Vista Puerto\n", "Format": "CSV"},
    )
    answer = translate.translate_text(
        Text="The Harbour View is big.",
        SourceLanguageCode="en",
        TargetLanguageCode="es",
        TerminologyNames=["hotel"],
    )
    assert "Vista Puerto" in answer["TranslatedText"]
    assert answer["AppliedTerminologies"][0]["Terms"] == [
        {"SourceText": "Harbour View", "TargetText": "Vista Puerto"}
    ]


def test_an_html_document(translate: Any) -> None:
    content = b"<p>The house is <b>big</b>.</p>"
    answer = translate.translate_document(
        Document={"Content": content, "ContentType": "text/html"},
        SourceLanguageCode="en",
        TargetLanguageCode="es",
    )
    translated = answer["TranslatedDocument"]["Content"].decode()
    assert translated == "<p>La casa es <b>grande</b>.</p>"


def test_an_unserved_pair_has_awss_error(translate: Any) -> None:
    with pytest.raises(translate.exceptions.UnsupportedLanguagePairException) as caught:
        translate.translate_text(Text="a", SourceLanguageCode="en", TargetLanguageCode="ja")
    assert caught.value.response["TargetLanguageCode"] == "ja"


def test_a_text_of_the_largest_size_is_translated(engine: ApertiumEngine) -> None:
    text = "The house is big and old. " * 384
    assert len(text) < 10_000
    assert engine.translate(text, "en", "es").count("casa") == 384


def test_a_killed_program_is_started_anew(engine: ApertiumEngine) -> None:
    assert engine.translate("The house is big.", "en", "es")
    for pipeline in engine._pipelines.values():
        os.kill(pipeline.process_ids[2], signal.SIGKILL)
    assert engine.translate("The house is big.", "en", "es") == "La casa es grande."
