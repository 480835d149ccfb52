"""The language engine on texts whose truth is plain."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windfall_local.engines import UnsupportedFeatureError
from windfall_local.engines.language.engine import LanguageEngine
from windfall_local.engines.language.segments import sentences, words
from windfall_local.engines.language.sentiment import weigh

REVIEW = (
    "We stayed at the Harbour View Hotel in Lisbon from 3 to 7 May 2025. Maria Santos found us a "
    "room at 180 euros a night. Dr. Smith of Amazon.com, Inc. will come next spring."
)


@pytest.fixture(scope="module")
def engine() -> LanguageEngine:
    return LanguageEngine()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The weather is nice today.", "en"),
        ("El tiempo es muy bueno hoy.", "es"),
        ("Il fait très beau aujourd'hui.", "fr"),
        ("Das Wetter ist heute sehr schön.", "de"),
        ("今日は天気がとてもいいです。", "ja"),
    ],
)
def test_the_language_is_named_with_its_share(
    engine: LanguageEngine, text: str, language: str
) -> None:
    guesses = engine.identify(text)
    assert guesses[0].language == language
    assert guesses[0].score > 0.5
    assert sum(guess.score for guess in guesses) <= 1.001


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (
            "The hotel was wonderful. We paid 180 euros on 7 May 2026. 5e42d9de8dcc46a4b83b6a",
            "en",
        ),
        ("Invoice 4711-A 3f2a9c1b77 total 120.00 EUR due 2026-05-07", "en"),
        ("東京は2026年に大きな祭りがあります", "ja"),
    ],
)
def test_numbers_and_identifiers_do_not_drown_the_language(
    engine: LanguageEngine, text: str, language: str
) -> None:
    assert engine.identify(text)[0].language == language


def test_a_text_with_letters_is_in_some_language(engine: LanguageEngine) -> None:
    assert "zxx" not in {guess.language for guess in engine.identify("AB-1234567 X99")}


@pytest.mark.parametrize("text", ["", " \n", "123 45.6 !?", "🙂🙂"])
def test_a_text_without_letters_has_no_language(engine: LanguageEngine, text: str) -> None:
    assert engine.identify(text) == []


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I love this hotel, it is wonderful!", "POSITIVE"),
        ("The food was awful. The service was terrible.", "NEGATIVE"),
        ("The meeting is on Monday at ten.", "NEUTRAL"),
        ("The food was great but the service was terrible.", "MIXED"),
        ("", "NEUTRAL"),
    ],
)
def test_a_feeling_has_its_label(engine: LanguageEngine, text: str, label: str) -> None:
    assert engine.sentiment(text, "en").label == label


@given(st.lists(st.floats(-1, 1)))
def test_shares_of_a_feeling_sum_to_one(figures: list[float]) -> None:
    feeling = weigh(figures)
    shares = (feeling.positive, feeling.negative, feeling.neutral, feeling.mixed)
    assert sum(shares) == pytest.approx(1)
    assert min(shares) >= 0


@given(st.lists(st.floats(-1, 1)))
def test_the_opposite_feeling_has_the_opposite_shares(figures: list[float]) -> None:
    one, other = weigh(figures), weigh([-figure for figure in figures])
    assert one.positive == pytest.approx(other.negative)
    assert one.mixed == pytest.approx(other.mixed)


def test_names_dates_and_quantities_are_found(engine: LanguageEngine) -> None:
    spans = engine.entities(REVIEW, "en")
    assert {(span.kind, span.text) for span in spans} >= {
        ("ORGANIZATION", "Harbour View Hotel"),
        ("LOCATION", "Lisbon"),
        ("DATE", "3 to 7 May 2025"),
        ("PERSON", "Maria Santos"),
        ("QUANTITY", "180 euros"),
        ("PERSON", "Smith"),
        ("ORGANIZATION", "Amazon.com, Inc."),
        ("DATE", "next spring"),
    }
    assert all(REVIEW[span.begin : span.end] == span.text for span in spans)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "es",
            "María García vive en Sevilla desde el 3 de marzo de 2020 y pagó 45 euros.",
            {
                ("PERSON", "María García"),
                ("LOCATION", "Sevilla"),
                ("DATE", "3 de marzo de 2020"),
                ("QUANTITY", "45 euros"),
            },
        ),
        (
            "fr",
            "Marie Dupont habite à Lyon depuis le 3 mars 2020.",
            {("PERSON", "Marie Dupont"), ("LOCATION", "Lyon"), ("DATE", "3 mars 2020")},
        ),
        (
            "it",
            "Marco Rossi vive a Roma dal 3 marzo 2020.",
            {("PERSON", "Marco Rossi"), ("LOCATION", "Roma"), ("DATE", "3 marzo 2020")},
        ),
        (
            "pt",
            "João Silva mora em Lisboa desde 3 de março de 2020.",
            {("PERSON", "João Silva"), ("LOCATION", "Lisboa"), ("DATE", "3 de março de 2020")},
        ),
    ],
)
def test_other_languages_name_things_too(
    engine: LanguageEngine, language: str, text: str, expected: set[tuple[str, str]]
) -> None:
    assert {(span.kind, span.text) for span in engine.entities(text, language)} >= expected


@pytest.mark.parametrize("text", ["You may march on.", "The report is done.", "Yes, it was."])
def test_a_capital_at_the_beginning_makes_no_name(engine: LanguageEngine, text: str) -> None:
    assert engine.entities(text, "en") == []


def test_phrases_stand_around_nouns(engine: LanguageEngine) -> None:
    phrases = engine.key_phrases("She booked the small room with a view of the old harbour.", "en")
    assert [span.text for span in phrases] == ["the small room", "a view", "the old harbour"]


def test_every_word_has_its_part_of_speech(engine: LanguageEngine) -> None:
    tokens = engine.syntax("Maria hasn't found the 3 lost keys because it is dark.", "en")
    assert [(token.text, token.kind) for token in tokens] == [
        ("Maria", "PROPN"),
        ("has", "AUX"),
        ("n't", "PART"),
        ("found", "VERB"),
        ("the", "DET"),
        ("3", "NUM"),
        ("lost", "VERB"),
        ("keys", "NOUN"),
        ("because", "SCONJ"),
        ("it", "PRON"),
        ("is", "VERB"),
        ("dark", "ADJ"),
        (".", "PUNCT"),
    ]


def test_a_feeling_belongs_to_its_target(engine: LanguageEngine) -> None:
    text = "The breakfast was wonderful, but the lift was awful."
    groups = engine.targeted_sentiment(text, "en")
    feelings = {m.span.text: m.sentiment.label for group in groups for m in group}
    assert feelings["The breakfast"] == "POSITIVE"
    assert [label for target, label in feelings.items() if target != "The breakfast"] in (
        [],
        ["NEGATIVE"],
    )


@settings(max_examples=40)
@given(st.text(max_size=120))
def test_every_offset_points_at_its_text(text: str) -> None:
    engine = LanguageEngine()
    for span in [*engine.entities(text, "en"), *engine.key_phrases(text, "en")]:
        assert text[span.begin : span.end] == span.text
    for token in engine.syntax(text, "en"):
        assert text[token.begin : token.end] == token.text


@given(st.text(max_size=200))
def test_words_are_every_sign_of_their_sentence(text: str) -> None:
    for sentence in sentences(text):
        assert text[sentence.begin : sentence.end] == sentence.text
        joined = "".join(word.text for word in words(sentence))
        assert joined == "".join(sentence.text.split())


@pytest.mark.parametrize("method", ["sentiment", "key_phrases", "syntax", "targeted_sentiment"])
def test_what_only_reads_english_says_so(engine: LanguageEngine, method: str) -> None:
    with pytest.raises(UnsupportedFeatureError, match="English"):
        getattr(engine, method)("hola", "es")


def test_a_language_without_entities_is_refused_with_those_that_have(
    engine: LanguageEngine,
) -> None:
    with pytest.raises(UnsupportedFeatureError, match="en, es, fr, it, pt"):
        engine.entities("a", "ja")


def test_answers_cross_a_process_boundary(engine: LanguageEngine) -> None:
    spans = engine.entities(REVIEW, "en")
    assert pickle.loads(pickle.dumps(spans)) == spans
