"""Words, cues and caption files: within lines and seconds, nothing lost, readable by others."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pysubs2
import pytest
import srt
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from windfall.captions.cues import LONGEST, SHORTEST, Cue, CueList
from windfall.captions.files import write_srt, write_vtt
from windfall.captions.lines import LINE, MOST_LINES, breaks, joined, layout, width
from windfall.captions.passages import paragraphs, passages, refit
from windfall.captions.splitting import make_cues
from windfall.captions.transcript import Word, read_words
from windfall.captions.validation import srt_faults, vtt_faults
from windfall.errors import InvalidInputError


def item(content: str, start: float | None = None, end: float | None = None, **more: Any) -> Any:
    found = {"alternatives": [{"content": content, "confidence": "0.9"}], **more}
    if start is None:
        return {"type": "punctuation", **found}
    return {"type": "pronunciation", "start_time": str(start), "end_time": str(end), **found}


def said(text: str, *, start: int = 0, each: int = 300, speaker: str | None = None) -> list[Word]:
    return [
        Word(word, start + number * each, start + number * each + each - 20, speaker)
        for number, word in enumerate(text.split())
    ]


def captions(*cues: Cue, language: str = "en") -> CueList:
    return CueList(language=language, cues=list(cues))


WORD = st.text(
    alphabet=st.sampled_from("abcdefghijk.,?!-漢字かなéñ<&>{שלום\u0301\u200d"),
    min_size=1,
    max_size=12,
).filter(lambda text: bool(text.strip()))


@st.composite
def tracks(draw: st.DrawFn) -> list[Word]:
    words, now = [], 0
    for text in draw(st.lists(WORD, max_size=60)):
        now += draw(st.sampled_from([0, 0, 20, 100, 400, 1_600, 9_000]))
        end = now + draw(st.sampled_from([0, 10, 200, 500, 8_000]))
        words.append(Word(text, now, end, draw(st.sampled_from([None, "spk_0"]))))
        now = draw(st.sampled_from([now, end]))
    return words


def test_a_result_of_transcribe_is_words_with_their_marks() -> None:
    document = {
        "results": {
            "items": [
                item("¿"),
                item("Qué", 0.5, 0.75, speaker_label="spk_0"),
                item("tal", 0.75, 1.0, speaker_label="spk_0"),
                item("?"),
                item("Bien", 1.5, 2.0, speaker_label="spk_1"),
            ]
        }
    }
    assert read_words(document) == [
        [
            Word("¿Qué", 500, 750, "spk_0"),
            Word("tal?", 750, 1000, "spk_0"),
            Word("Bien", 1500, 2000, "spk_1"),
        ]
    ]


def test_speakers_are_found_in_the_segments_of_older_results() -> None:
    part = {"start_time": "0.0", "end_time": "0.4", "speaker_label": "spk_1"}
    document = {
        "results": {
            "items": [item("Hello", 0.0, 0.4)],
            "speaker_labels": {"segments": [{**part, "items": [part]}]},
        }
    }
    assert read_words(document)[0][0].speaker == "spk_1"


def test_each_channel_has_its_own_words() -> None:
    channels = [
        {"channel_label": f"ch_{n}", "items": [item("Hello", n, n + 0.5), item(".")]}
        for n in range(2)
    ]
    found = read_words({"results": {"channel_labels": {"channels": channels}, "items": []}})
    assert [[word.speaker for word in track] for track in found] == [["ch_0"], ["ch_1"]]
    cues = make_cues(found, 3_000)
    assert [cue.text for cue in cues] == ["Hello.", "Hello."]


@pytest.mark.parametrize("document", [{}, {"results": []}, {"results": {"items": [{}]}}])
def test_another_document_is_refused(document: Any) -> None:
    with pytest.raises(InvalidInputError, match="Transcribe"):
        read_words(document)


def test_cues_end_with_their_sentences() -> None:
    words = said("Good morning to all of you. Dr. Okafor counted the boats today.")
    assert [cue.text for cue in make_cues([words], 60_000)] == [
        "Good morning to all of you.",
        "Dr. Okafor counted the boats today.",
    ]


def test_a_long_sentence_is_split_at_its_clauses() -> None:
    words = said(
        "When the harbour master of Brixham had counted the boats in the port, "
        "he wrote down their names and told nobody about what he had seen there.",
        each=150,
    )
    first, second = make_cues([words], 60_000)
    assert first.text.endswith("port,")
    assert second.text.startswith("he wrote")


def test_another_speaker_or_a_pause_begins_a_cue() -> None:
    words = [
        *said("I think that is", speaker="spk_0"),
        *said("No it is not", start=1_300, speaker="spk_1"),
        *said("and so on", start=6_000, speaker="spk_1"),
    ]
    assert [(cue.text, cue.speaker) for cue in make_cues([words], 60_000)] == [
        ("I think that is", "spk_0"),
        ("No it is not", "spk_1"),
        ("and so on", "spk_1"),
    ]


def test_a_short_cue_stays_for_a_second_where_there_is_room() -> None:
    cues = make_cues([[Word("Yes.", 2_000, 2_200), Word("Well.", 9_000, 9_100)]], 9_300)
    assert [(cue.start, cue.end) for cue in cues] == [(2_000, 3_000), (8_300, 9_300)]


def test_chinese_is_put_together_without_spaces() -> None:
    words = [Word("今天", 0, 300), Word("天气", 300, 600), Word("很好。", 600, 900)]
    assert make_cues([words], 5_000)[0].text == "今天天气很好。"


@given(tracks())
@settings(max_examples=300)
def test_cues_keep_their_limits_and_lose_no_word(words: list[Word]) -> None:
    length = max((word.end for word in words), default=0) + 500
    cues = make_cues([words], length)
    for cue in cues:
        assert 0 < cue.length <= LONGEST
        lines = layout(cue.text)
        assert len(lines) <= MOST_LINES
        assert all(width(line) <= LINE for line in lines)
    assert all(before.end <= after.start for before, after in pairwise(cues))
    bare = "".join(cue.text for cue in cues).replace(" ", "")
    assert bare == "".join(word.text for word in words)


@given(st.text(max_size=300))
def test_lines_hold_the_text_and_nothing_else(text: str) -> None:
    lines = layout(text)
    assert all(0 < width(line) <= LINE for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_two_lines_are_about_equally_long_and_break_at_clauses() -> None:
    assert layout("He came home late in the evening, and nobody was there.") == [
        "He came home late in the evening,",
        "and nobody was there.",
    ]


def test_japanese_lines_begin_with_no_mark() -> None:
    lines = layout("東京の天気は、今日も晴れです。明日は雨が降るでしょう。傘を忘れないで。")
    assert len(lines) == 2
    assert all(line[0] not in "、。" for line in lines)
    assert 1 not in breaks("す。")


@given(
    st.text(
        alphabet=st.sampled_from("abc de.,漢字。\u05d0<&>-{\\1\u0000\u2028"), min_size=1
    ).filter(lambda text: bool(text.strip())),
    st.sampled_from(["en", "he", "ja"]),
    st.sampled_from([None, "spk_0", "a<b"]),
)
@settings(max_examples=300)
def test_files_are_valid_whatever_is_said(text: str, language: str, speaker: str | None) -> None:
    text = " ".join(text.split())[:60]
    cue = Cue(start=1_000, end=2_500, text=text, speaker=speaker)
    document = captions(cue, cue.model_copy(update={"start": 1_500}), language=language)
    vtt, subrip = write_vtt(document).decode(), write_srt(document).decode()
    assert vtt_faults(vtt) == []
    assert srt_faults(subrip) == []
    assert len(webvtt.from_string(vtt)) == 2
    assert len(list(srt.parse(subrip, ignore_errors=False))) == 2
    assert len(pysubs2.SSAFile.from_string(subrip, format_="srt")) == 2


def test_markup_is_text() -> None:
    cue = Cue(start=0, end=3_725_007, text="if a <b> & c --> {\\an8} x", speaker="spk_0")
    assert write_vtt(captions(cue)).decode() == (
        "WEBVTT\n\n1\n00:00:00.000 --> 01:02:05.007\n"
        "<v Speaker 1>if a &lt;b&gt; &amp; c --&gt; {\\an8} x</v>\n"
    )
    subrip = write_srt(captions(cue)).decode()
    (event,) = pysubs2.SSAFile.from_string(subrip, format_="srt")
    assert event.plaintext.replace("\u2060", "") == "if a <b> & c --> (\\an8) x"


def test_hebrew_stands_between_right_to_left_marks() -> None:
    cue = Cue(start=0, end=1_000, text="AWS אומר שלום.")
    assert "\u200fAWS אומר שלום.\u200f\n" in write_srt(captions(cue, language="he")).decode()


def test_no_cues_are_a_file_too() -> None:
    assert write_vtt(captions()) == b"WEBVTT\n"
    assert write_srt(captions()) == b""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "WEBVTT X",
        "WEBVTT\n\n1\n00:00:02.000 --> 00:00:01.000\nx\n",
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\na < b\n",
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\na & b\n",
        "WEBVTT\n\n1\n00:00:01,000 --> 00:00:02,000\na\n",
        "WEBVTT\n\n2\n00:00:01.000 --> 00:00:02.000\na\n",
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\n",
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\na\n \n",
    ],
)
def test_faults_are_found(text: str) -> None:
    assert vtt_faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "1\n00:00:02,000 --> 00:00:01,000\nx\n",
        "1\n00:00:01.000 --> 00:00:02.000\nx\n",
        "1\n00:00:01,000 --> 00:00:02,000\na <b>\n",
        "1\n00:00:01,000 --> 00:00:02,000\na --> b\n",
        "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}b\n",
        "2\n00:00:01,000 --> 00:00:02,000\nb\n",
        "1\n00:00:01,000 --> 00:00:02,000\nb",
    ],
)
def test_faults_of_subrip_are_found(text: str) -> None:
    assert srt_faults(text)


def test_a_sentence_over_several_cues_is_one_passage() -> None:
    cues = [
        Cue(start=0, end=2_000, text="He had seen"),
        Cue(start=2_000, end=4_000, text="the boats."),
        Cue(start=4_000, end=5_000, text="All of them."),
        Cue(start=9_000, end=9_900, text="Later that day"),
    ]
    found = list(passages(cues))
    assert [passage.text for passage in found] == [
        "He had seen the boats.",
        "All of them.",
        "Later that day",
    ]
    assert [passage.ends_paragraph for passage in found] == [False, True, True]
    texts = [passage.text for passage in found]
    assert paragraphs(texts, found) == "He had seen the boats. All of them.\n\nLater that day"


def test_a_translation_keeps_the_cues_times() -> None:
    cues = [
        Cue(start=0, end=3_000, text="He had seen the boats", speaker="spk_1"),
        Cue(start=3_500, end=5_000, text="in the port."),
    ]
    fitted = refit("Había visto los barcos que quedaban en el puerto.", cues)
    assert [(cue.start, cue.end) for cue in fitted] == [(0, 3_000), (3_500, 5_000)]
    assert fitted[0].text.startswith("Había visto los barcos")
    assert joined(fitted[0].text, fitted[1].text).endswith("en el puerto.")
    assert {cue.speaker for cue in fitted} == {"spk_1"}


def test_a_translation_that_is_too_long_makes_more_cues_in_the_same_time() -> None:
    cue = Cue(start=1_000, end=7_000, text="Short.")
    fitted = refit("palabra " * 30, [cue])
    assert len(fitted) > 1
    assert (fitted[0].start, fitted[-1].end) == (1_000, 7_000)


def test_a_translation_of_one_word_takes_the_first_cue() -> None:
    cues = [Cue(start=0, end=2_000, text="Yes it"), Cue(start=2_000, end=4_000, text="is.")]
    assert refit("Sí.", cues) == [Cue(start=0, end=4_000, text="Sí.")]


@given(
    st.lists(WORD, min_size=1, max_size=60), st.lists(st.integers(1, 7_000), min_size=1, max_size=6)
)
@settings(max_examples=200)
def test_a_refitted_text_is_whole_and_stays_in_its_time(
    words: list[str], lengths: list[int]
) -> None:
    cues, now = [], 0
    for length in lengths:
        cues.append(Cue(start=now, end=now + length, text="x"))
        now += length
    text = " ".join(words)
    fitted = refit(text, cues)
    assert "".join("".join(cue.text for cue in fitted).split()) == "".join(text.split())
    assert fitted[0].start >= 0
    assert fitted[-1].end <= now
    for before, after in pairwise(fitted):
        assert before.end <= after.start
    assert all(0 < cue.length <= LONGEST for cue in fitted)


def test_cues_survive_as_json() -> None:
    document = captions(Cue(start=0, end=SHORTEST, text="é"))
    assert CueList.model_validate(json.loads(document.model_dump_json())) == document
