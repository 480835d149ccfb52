"""The synthesiser really speaks: sound that decodes, and marks that fit the text and the time."""

# ruff: noqa: RUF001 - phonetic letters look like others
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from windfall_local.engines.host import EngineHost
from windfall_local.engines.voice import ESPEAK, Mark, Speaker, Speech, SpeechRequest
from windfall_local.engines.voice.engine import EspeakEngine, EspeakNarrator
from windfall_local.engines.voice.phonetics import viseme_of
from windfall_local.engines.voice.sound import resample

SPEAKER = Speaker("en-us", "female")
TEXT = "Hello café world. It is fine, isn't it? Dr. Smith's cat knows."


@pytest.fixture(scope="module")
def engine() -> EspeakEngine:
    return EspeakEngine()


def words(marks: list[Mark]) -> list[str]:
    return [mark.value for mark in marks if mark.kind == "word"]


def test_words_and_sentences_are_found_in_the_bytes_of_the_text(engine: EspeakEngine) -> None:
    speech = engine.speak(SpeechRequest(TEXT, False, SPEAKER), None, 22050)
    content = TEXT.encode()
    heard = ["Hello", "café", "world", "It", "is", "fine", "isn't", "it", "Dr", "Smith's", "cat"]
    assert words(speech.marks) == [*heard, "knows"]
    assert [mark.value for mark in speech.marks if mark.kind == "sentence"] == [
        "Hello café world.",
        "It is fine, isn't it?",
        "Dr. Smith's cat knows.",
    ]
    for mark in speech.marks:
        if mark.kind != "viseme":
            assert content[mark.start : mark.end].decode() == mark.value
    times = [mark.time for mark in speech.marks]
    assert times == sorted(times)
    assert times[-1] <= speech.seconds * 1000


def test_marks_of_ssml_point_at_the_document(engine: EspeakEngine) -> None:
    text = (
        '<speak>Mary had <break time="2s"/>a <mark name="animal"/>lamb &amp; the '
        '<sub alias="World Wide Web">WWW</sub>.</speak>'
    )
    marks = engine.speak(SpeechRequest(text, True, SPEAKER), None, 22050).marks
    content = text.encode()
    assert words(marks) == ["Mary", "had", "a", "lamb", "&amp;", "the", "WWW"]
    [bookmark] = [mark for mark in marks if mark.kind == "ssml"]
    assert (bookmark.value, content[bookmark.start : bookmark.end]) == (
        "animal",
        b'<mark name="animal"/>',
    )
    times = {mark.value: mark.time for mark in marks if mark.kind == "word"}
    assert times["a"] - times["had"] > 2000


@pytest.mark.parametrize(
    ("audio", "rate"),
    [
        *(("mp3", rate) for rate in (8000, 22050, 24000, 48000)),
        ("ogg_vorbis", 22050),
        ("ogg_opus", 48000),
    ],
)
def test_files_decode_to_sound_of_the_length_promised(
    engine: EspeakEngine, audio: Any, rate: int
) -> None:
    speech = engine.speak(SpeechRequest(TEXT, False, SPEAKER), audio, rate)
    samples, decoded_rate = soundfile.read(io.BytesIO(speech.audio))
    assert decoded_rate == rate
    assert len(samples) / rate == pytest.approx(speech.seconds, abs=0.1)
    assert 3 < speech.seconds < 12
    assert np.abs(samples).mean() > 0.01


@pytest.mark.parametrize(("audio", "size"), [("pcm", 2), ("mulaw", 1), ("alaw", 1)])
def test_raw_sound_has_no_header(engine: EspeakEngine, audio: Any, size: int) -> None:
    speech = engine.speak(SpeechRequest(TEXT, False, SPEAKER), audio, 8000)
    assert len(speech.audio) == pytest.approx(speech.seconds * 8000 * size, rel=0.01)


def test_speakers_differ(engine: EspeakEngine) -> None:
    def say(speaker: Speaker) -> bytes:
        return engine.speak(SpeechRequest("Hello there", False, speaker), "pcm", 16000).audio

    speakers = [
        Speaker("en-us", "female"),
        Speaker("en-us", "male"),
        Speaker("en-us", "female", variant=1),
        Speaker("en-gb", "female"),
    ]
    assert len({say(speaker) for speaker in speakers}) == 4


def test_a_slower_text_takes_longer(engine: EspeakEngine) -> None:
    def seconds(text: str) -> float:
        return engine.speak(SpeechRequest(text, True, SPEAKER), None, 22050).seconds

    plain = seconds("<speak>one two three four five</speak>")
    slow = seconds('<speak><prosody rate="50%">one two three four five</prosody></speak>')
    assert slow > 1.4 * plain


def test_a_text_without_a_word_is_spoken_as_nothing(engine: EspeakEngine) -> None:
    assert words(engine.speak(SpeechRequest(" \n", False, SPEAKER), "mp3", 22050).marks) == []


def test_an_expletive_is_a_tone(engine: EspeakEngine) -> None:
    text = '<speak><say-as interpret-as="expletive">darn</say-as></speak>'
    speech = engine.speak(SpeechRequest(text, True, SPEAKER), "pcm", 16000)
    assert speech.seconds == pytest.approx(0.6, abs=0.01)
    assert np.abs(np.frombuffer(speech.audio, np.int16)).max() > 7000


@pytest.mark.parametrize(
    ("phoneme", "viseme"),
    [("p", "p"), ("ˈoʊ", "o"), ("tʃ", "S"), ("θ", "T"), ("ŋ", "k"), ("_:", "sil"), ("ː", None)],
)
def test_sounds_have_the_shape_of_the_mouth(phoneme: str, viseme: str | None) -> None:
    assert viseme_of(phoneme) == viseme


def test_a_tone_keeps_its_pitch_and_a_high_one_is_filtered_out() -> None:
    time = np.arange(22050) / 22050
    low = (10000 * np.sin(2 * np.pi * 500 * time)).astype(np.int16)
    high = (10000 * np.sin(2 * np.pi * 7000 * time)).astype(np.int16)
    spectrum = np.abs(np.fft.rfft(resample(low, 22050, 8000).astype(float)))
    assert int(spectrum.argmax()) == 500
    assert np.abs(resample(high, 22050, 8000)[100:-100]).max() < 500


def test_a_narration_is_what_is_spoken_in_one_answer(engine: EspeakEngine, tmp_path: Path) -> None:
    request = SpeechRequest(f"<speak><s>{TEXT}</s><s>One two.</s></speak>", True, SPEAKER)
    narration = EspeakNarrator().narrate(request, "pcm", 16000, tmp_path / "speech")
    speech = engine.speak(request, "pcm", 16000)
    # The synthesiser's sound and times are never quite the same twice.
    written = (tmp_path / "speech").stat().st_size
    assert written == pytest.approx(narration.seconds * 32_000, abs=2)
    assert written == pytest.approx(len(speech.audio), rel=0.05)
    assert words(narration.marks) == words(speech.marks)


def test_a_long_plain_text_is_spoken_whole_and_not_cut(tmp_path: Path) -> None:
    sentences = [f"This is sentence {number} of Dr. Smith's café & bar." for number in range(300)]
    text = " ".join(sentences)
    request = SpeechRequest(text, False, SPEAKER)
    narration = EspeakNarrator().narrate(request, "pcm", 8000, tmp_path / "speech")
    assert narration.seconds > 600
    assert (tmp_path / "speech").stat().st_size == pytest.approx(narration.seconds * 16000, abs=2)
    marks = [mark for mark in narration.marks if mark.kind == "sentence"]
    assert [mark.value for mark in marks] == sentences
    assert all(text.encode()[m.start : m.end].decode() == m.value for m in marks)
    times = [mark.time for mark in narration.marks]
    assert times == sorted(times)
    assert times[-1] <= narration.seconds * 1000


def test_one_answer_is_cut_after_ten_minutes(engine: EspeakEngine) -> None:
    text = '<speak>a<break time="10s"/></speak>'.replace(
        "a<", "a" + '<break time="10s"/>' * 60 + "<"
    )
    speech = engine.speak(SpeechRequest(text, True, SPEAKER), "pcm", 8000)
    assert (speech.seconds, len(speech.audio)) == (600, 600 * 8000 * 2)


@given(st.lists(st.integers(0, 300), max_size=8), st.sampled_from([8000, 16000, 24000, 48000]))
def test_pieces_together_have_the_length_of_the_whole(sizes: list[int], rate: int) -> None:
    whole: NDArray[np.int16] = np.zeros(sum(sizes), np.int16)
    before = np.cumsum([0, *sizes])
    pieces = [
        len(resample(np.zeros(size, np.int16), 22050, rate, int(start)))
        for size, start in zip(sizes, before, strict=False)
    ]
    assert sum(pieces) == len(resample(whole, 22050, rate))


@pytest.fixture
def host() -> Iterator[EngineHost]:
    host = EngineHost()
    yield host
    host.close()


async def test_it_runs_in_a_process_of_its_own(host: EngineHost) -> None:
    speech: Speech = await host.run(
        ESPEAK, "speak", SpeechRequest("Hello", False, SPEAKER), "pcm", 16000
    )
    assert len(speech.audio) > 10000
