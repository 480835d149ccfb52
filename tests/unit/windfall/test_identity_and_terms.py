"""Identities, terms, settings, batches: the layer's rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall import identity
from windfall.clock import moment_of, seconds_between, timestamp
from windfall.contracts.profile import Profile
from windfall.contracts.subject import Kind
from windfall.errors import InvalidInputError, TransientError
from windfall.queue_batch import process_batch, was_delivered_before
from windfall.settings import EnvironmentSettings
from windfall.terms import MOST_TERMS, has_terms, normalise, terms_of


@given(st.text(), st.text(), st.text())
def test_file_identities_depend_on_every_part(bucket: str, key: str, version: str) -> None:
    one = identity.file_id(bucket, key, version)
    assert one == identity.file_id(bucket, key, version)
    assert len(one) == 40
    assert one != identity.file_id(bucket, key, version + "x")
    assert one != identity.file_id(bucket, key + "x", version)
    if key:
        assert one != identity.file_id(bucket + key[0], key[1:], version)


def test_settings_of_another_kind_or_format_are_others() -> None:
    hashes = {
        identity.settings_hash(Kind.TEXT, "txt", [], None),
        identity.settings_hash(Kind.TEXT, "md", [], None),
        identity.settings_hash(Kind.IMAGE, "txt", [], None),
    }
    assert len(hashes) == 3


@pytest.mark.parametrize(
    "name", ["x", "a" * 40, f"{'a' * 40}-0", f"{'A' * 40}-1", f"{'a' * 40}-1x"]
)
def test_other_names_are_no_executions_of_ours(name: str) -> None:
    assert identity.parse_execution_name(name) is None


@given(st.integers(1, 10**6))
def test_execution_names_are_read_back(attempt: int) -> None:
    name = identity.execution_name("a" * 40, attempt)
    assert identity.parse_execution_name(name) == ("a" * 40, attempt)
    assert len(name) <= 80


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("  Golden\n Retriever. ", "golden retriever"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("«Hola»", "hola"),
        ("...", ""),
    ],
)
def test_terms_are_compared_without_case_spacing_and_marks(said: str, found: str) -> None:
    assert normalise(said) == found


@given(st.text())
def test_normalising_twice_changes_nothing_of_note(text: str) -> None:
    once = normalise(text)
    assert len(once) <= 200
    assert "\n" not in once


def test_terms_come_out_of_every_feature_that_has_some() -> None:
    raw: dict[str, dict[str, Any]] = {
        "labels": {
            "Labels": [{"Name": "Dog", "Confidence": 97.0, "Parents": [{"Name": "Animal"}]}]
        },
        "faces": {
            "FaceDetails": [
                {
                    "Confidence": 99.0,
                    "Smile": {"Value": True, "Confidence": 95.0},
                    "Beard": {"Value": False, "Confidence": 99.0},
                    "Emotions": [{"Type": "HAPPY", "Confidence": 92.0}],
                }
            ]
        },
        "text": {"TextDetections": [{"DetectedText": "EXIT", "Confidence": 90.0, "Type": "LINE"}]},
        "known_faces": {
            "FaceMatches": [
                {"Similarity": 90.0, "Face": {"FaceId": "1", "ExternalImageId": "Grace"}},
                {"Similarity": 88.0, "Face": {"FaceId": "2", "ExternalImageId": "Grace"}},
            ]
        },
        "celebrities": {"CelebrityFaces": [{"Name": "Ada", "MatchConfidence": 91.0}]},
        "moderation": {"ModerationLabels": [{"Name": "Alcohol", "Confidence": 80.0}]},
        "entities": {"Entities": [{"Text": "Lima", "Type": "LOCATION", "Score": 0.9}]},
        "key_phrases": {"KeyPhrases": [{"Text": "the red car", "Score": 0.8}]},
        "pii": {"Entities": [{"Type": "EMAIL", "Score": 0.99, "BeginOffset": 0, "EndOffset": 9}]},
        "sentiment": {"Sentiment": "MIXED", "SentimentScore": {"Mixed": 0.7}},
        "language": {"Languages": [{"LanguageCode": "es", "Score": 0.98}]},
        "predictions": {"rows": 4, "classes": {"Leaves": 1}},
        "targeted_sentiment": {
            "Entities": [
                {"DescriptiveMentionIndex": [0], "Mentions": [{"Text": "the food", "Score": 0.9}]}
            ]
        },
    }
    found = {(term.type, term.normalised) for term in terms_of(raw)}

    assert found == {
        ("label", "dog"),
        ("label", "animal"),
        ("face", "face"),
        ("face", "smile"),
        ("face", "happy"),
        ("text", "exit"),
        ("celebrity", "ada"),
        ("known_face", "grace"),
        ("moderation", "alcohol"),
        ("entity", "lima"),
        ("entity", "the food"),
        ("phrase", "the red car"),
        ("pii", "email"),
        ("sentiment", "mixed"),
        ("language", "es"),
        ("prediction", "leaves"),
    }
    assert not has_terms("translation.es")


def test_a_term_counts_its_places_and_keeps_the_surest() -> None:
    places = [{"Text": "Lima", "Score": 0.5}, {"Text": "LIMA", "Score": 0.9}]
    (term,) = terms_of({"entities": {"Entities": places}})
    assert (term.text, term.score, term.count) == ("LIMA", 90.0, 2)


def test_a_flood_of_terms_is_cut_to_the_surest() -> None:
    phrases = [{"Text": f"phrase {n}", "Score": n / 5000} for n in range(5000)]
    terms = terms_of({"key_phrases": {"KeyPhrases": phrases}})
    assert len(terms) == MOST_TERMS
    assert terms[0].normalised == "phrase 4999"


class _Settings(EnvironmentSettings):
    results_bucket: str
    insights_table: str


def test_settings_name_what_is_missing() -> None:
    read = _Settings.from_environment({"RESULTS_BUCKET": "r", "INSIGHTS_TABLE": "t", "PATH": "/"})
    assert read.results_bucket == "r"
    with pytest.raises(InvalidInputError, match="INSIGHTS_TABLE"):
        _Settings.from_environment({"RESULTS_BUCKET": "r"})


def test_one_failing_message_fails_alone() -> None:
    def process(record: dict[str, Any]) -> None:
        if record["body"] == "bad":
            raise TransientError("Not now.")
        if record["body"] == "bug":
            raise KeyError("x")

    records = [{"messageId": name, "body": name} for name in ("good", "bad", "fine", "bug")]
    failed = process_batch({"Records": records}, process)
    assert failed == {"batchItemFailures": [{"itemIdentifier": "bad"}, {"itemIdentifier": "bug"}]}


def test_redelivery_is_told_by_the_queue() -> None:
    assert was_delivered_before({"attributes": {"ApproximateReceiveCount": "2"}})
    assert not was_delivered_before({"attributes": {"ApproximateReceiveCount": "1"}})
    assert not was_delivered_before({})


def test_times_are_written_so_that_they_sort() -> None:
    assert timestamp(moment_of("2026-11-23T14:00:00Z")) == "2026-11-23T14:00:00.000Z"
    assert timestamp(moment_of("2026-11-23T15:00:00.123456+01:00")) == "2026-11-23T14:00:00.123Z"
    assert seconds_between("2026-11-23T14:00:00Z", "2026-11-23T14:00:01.250Z") == 1.25
    assert seconds_between("2026-11-23T14:00:01Z", "2026-11-23T14:00:00Z") == 0


def test_the_default_profile_is_the_documented_one() -> None:
    profile = Profile.model_validate_json("{}")
    assert profile.model_dump(mode="json") == {
        "version": 1,
        "image": {
            "known_faces": None,
            "features": ["labels", "properties", "faces", "text", "celebrities"],
            "min_confidence": 55,
            "read_text": True,
        },
        "text": {"features": ["sentiment", "entities", "key_phrases", "pii"]},
        "audio": {
            "speakers": True,
            "max_speakers": 10,
            "channels": None,
            "vocabulary": None,
            "vocabulary_filter": None,
            "redact": False,
            "languages": [],
        },
        "video": {
            "known_faces": None,
            "features": ["labels", "faces", "text", "segments", "celebrities"],
            "min_confidence": 55,
            "sound": True,
            "thumbnails": True,
        },
        "languages": {
            "targets": ["en", "es"],
            "terminologies": [],
            "formality": None,
            "profanity": None,
            "max_characters": 1_000_000,
        },
        "speech": {
            "voices": {
                "en": {"voice": "Joanna", "engine": "neural"},
                "es": {"voice": "Lupe", "engine": "neural"},
            },
            "lexicons": [],
            "max_characters": 100_000,
            "speaker_voices": {},
        },
        "table": None,
        "budget": {"per_file": None, "per_day": None, "per_month": None},
        "calls": {"unanswered": "repeat"},
        "retention_days": 365,
    }


def test_a_video_is_found_by_what_is_seen_in_it_and_not_by_its_shots() -> None:
    intervals = [
        {"kind": "label", "value": "Dog", "confidence": 98.0, "details": {"parents": ["Animal"]}},
        {"kind": "label", "value": "Dog", "confidence": 60.0},
        {"kind": "face", "value": "face", "confidence": 90.0},
        {"kind": "shot", "value": "shot 1", "confidence": 100.0},
    ]
    terms = terms_of({"labels": {"intervals": intervals}})
    found = {(term.type, term.normalised): (term.score, term.count) for term in terms}
    assert found == {
        ("label", "dog"): (98.0, 2),
        ("label", "animal"): (98.0, 1),
        ("face", "face"): (90.0, 1),
    }
