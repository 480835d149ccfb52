"""Polly through boto3, the gateway and the real synthesiser."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile

LEXICON = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<lexicon xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa" '
    'xml:lang="en-US"><lexeme><grapheme>W3C</grapheme>'
    "<alias>the World Wide Web Consortium of many members</alias></lexeme></lexicon>"
)


@pytest.fixture
def polly(client: Callable[[str], Any]) -> Any:
    return client("polly")


def speak(polly: Any, text: str, **parameters: Any) -> bytes:
    plain = {"VoiceId": "Joanna", "Engine": "neural", "OutputFormat": "mp3"}
    return bytes(
        polly.synthesize_speech(Text=text, **{**plain, **parameters})["AudioStream"].read()
    )


def seconds(content: bytes) -> float:
    samples, rate = soundfile.read(io.BytesIO(content))
    assert np.abs(samples).mean() > 0.01
    return float(len(samples) / rate)


@pytest.mark.parametrize("voice", ["Joanna", "Lupe", "Lea", "Vicki", "Camila", "Zhiyu", "Takumi"])
def test_voices_of_many_languages_are_heard(polly: Any, voice: str) -> None:
    texts = {"Zhiyu": "你好世界。今天天气很好。", "Takumi": "こんにちは。今日は良い天気です。"}
    assert 1 < seconds(speak(polly, texts.get(voice, "One, two, three, four."), VoiceId=voice)) < 15


def test_a_longer_text_takes_longer(polly: Any) -> None:
    sentence = "The quick brown fox jumps over the lazy dog. "
    one, ten = seconds(speak(polly, sentence)), seconds(speak(polly, sentence * 10))
    # People speak 2 to 5 words a second.
    assert 9 / 5 < one < 9 / 1.5
    assert ten == pytest.approx(10 * one, rel=0.25)


def test_marks_stand_at_the_bytes_of_the_text(polly: Any) -> None:
    text = "Olé, niño. ¿Qué tal?"
    lines = speak(
        polly, text, VoiceId="Lupe", OutputFormat="json", SpeechMarkTypes=["word", "sentence"]
    )
    marks = [json.loads(line) for line in lines.splitlines()]
    assert [mark["value"] for mark in marks if mark["type"] == "word"] == [
        "Olé",
        "niño",
        "Qué",
        "tal",
    ]
    assert all(text.encode()[m["start"] : m["end"]].decode() == m["value"] for m in marks)


def test_a_lexicon_changes_what_is_heard(polly: Any) -> None:
    polly.put_lexicon(Name="w3c", Content=LEXICON)
    plain = seconds(speak(polly, "W3C"))
    assert seconds(speak(polly, "W3C", LexiconNames=["w3c"])) > plain + 0.5
    assert polly.get_lexicon(Name="w3c")["Lexicon"]["Content"] == LEXICON
    polly.delete_lexicon(Name="w3c")
    with pytest.raises(polly.exceptions.LexiconNotFoundException):
        speak(polly, "W3C", LexiconNames=["w3c"])


def test_ssml_is_spoken_and_what_is_none_refused(polly: Any) -> None:
    short = seconds(speak(polly, "<speak>one two</speak>", TextType="ssml"))
    paused = speak(polly, '<speak>one <break time="3s"/>two</speak>', TextType="ssml")
    assert seconds(paused) > short + 2.5
    with pytest.raises(polly.exceptions.InvalidSsmlException):
        speak(polly, "<speak>one", TextType="ssml")


def test_errors_have_awss_codes(polly: Any) -> None:
    with pytest.raises(polly.exceptions.TextLengthExceededException):
        speak(polly, "x" * 3_001)
    with pytest.raises(polly.exceptions.EngineNotSupportedException):
        speak(polly, "one", VoiceId="Conchita")


def test_voices_are_described(polly: Any) -> None:
    voices = polly.describe_voices(LanguageCode="en-US", Engine="neural")["Voices"]
    assert {"Joanna", "Matthew"} <= {voice["Id"] for voice in voices}
