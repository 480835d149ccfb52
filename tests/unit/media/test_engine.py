"""Media files as phones, telephones and strangers send them, through the real codecs."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.recordings import CODECS, encode, silence, tone
from windfall_local.engines import InvalidMediaError
from windfall_local.engines.media import RATE
from windfall_local.engines.media.engine import AvMediaEngine
from windfall_local.engines.media.formats import media_format

MEDIA = AvMediaEngine()


def put(folder: Path, content: bytes, name: str = "media") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def samples(path: Path) -> Any:
    return np.fromfile(path, np.int16).astype(float)


@pytest.mark.parametrize("form", CODECS)
def test_every_format_is_known_by_its_bytes_and_keeps_its_length(form: str, tmp_path: Path) -> None:
    path = put(tmp_path, encode(form, tone(2), rate=48_000))
    info = MEDIA.probe(path)
    assert (info.format, info.channels, info.rate) == (form, 1, 48_000)
    decoded = MEDIA.decode(path, tmp_path, False, 10)
    assert decoded.seconds == pytest.approx(2, abs=0.1)
    assert abs(samples(decoded.files[0])).max() == pytest.approx(8_000, rel=0.2)


def test_an_mp3_that_is_named_wav_is_an_mp3(tmp_path: Path) -> None:
    path = put(tmp_path, encode("mp3", tone(1)), "memo.wav")
    assert MEDIA.probe(path).format == "mp3"
    assert MEDIA.decode(path, tmp_path, False, 10).seconds == pytest.approx(1, abs=0.1)


def test_a_truncated_mp3_gives_what_is_left_of_it(tmp_path: Path) -> None:
    whole = encode("mp3", tone(4))
    decoded = MEDIA.decode(put(tmp_path, whole[: len(whole) // 2]), tmp_path, False, 10)
    assert decoded.seconds == pytest.approx(2, abs=0.2)


def test_damage_in_the_middle_costs_its_own_sound_only(tmp_path: Path) -> None:
    content = bytearray(encode("mp3", tone(4)))
    middle = len(content) // 2
    content[middle : middle + 400] = b"\x55" * 400
    decoded = MEDIA.decode(put(tmp_path, bytes(content)), tmp_path, False, 10)
    assert 3 < decoded.seconds < 4.2


def test_a_truncated_m4a_has_lost_its_index_and_says_so(tmp_path: Path) -> None:
    whole = encode("m4a", tone(2))
    with pytest.raises(InvalidMediaError, match="can't be read"):
        MEDIA.probe(put(tmp_path, whole[: len(whole) // 2]))


def test_channels_are_told_apart_or_mixed(tmp_path: Path) -> None:
    path = put(tmp_path, encode("wav", tone(1), silence(1)))
    left, right = map(samples, MEDIA.decode(path, tmp_path, True, 10).files)
    assert abs(left).max() > 7_000
    assert abs(right).max() < 100
    (mixed,) = map(samples, MEDIA.decode(path, tmp_path, False, 10).files)
    assert 3_000 < abs(mixed).max() < 7_000


def test_telephone_sound_is_brought_to_the_engines_rate(tmp_path: Path) -> None:
    path = put(tmp_path, encode("wav", tone(1), rate=8_000))
    assert MEDIA.probe(path).rate == 8_000
    decoded = MEDIA.decode(path, tmp_path, False, 10)
    assert len(samples(decoded.files[0])) == pytest.approx(RATE, abs=200)


def test_sound_that_is_too_long_is_refused_while_it_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(InvalidMediaError, match="longer than 1 seconds"):
        MEDIA.decode(put(tmp_path, encode("flac", silence(3))), tmp_path, False, 1)


def test_a_file_with_a_header_only_has_no_sound(tmp_path: Path) -> None:
    whole = encode("wav", tone(1))
    path = put(tmp_path, whole[: whole.index(b"data") + 8])
    with pytest.raises(InvalidMediaError, match="No sound could be decoded"):
        MEDIA.decode(path, tmp_path, False, 10)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"#EXTM3U\nhttp://127.0.0.1/a.mp3", b"ffconcat version 1.0\nfile /etc/passwd"],
)
def test_what_is_no_recording_is_not_opened(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(InvalidMediaError, match="none of the formats"):
        MEDIA.probe(put(tmp_path, content))


def test_a_long_recording_is_never_in_memory(tmp_path: Path) -> None:
    path = put(tmp_path, encode("flac", silence(600)))
    tracemalloc.start()
    MEDIA.decode(path, tmp_path, False, 1_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Ten minutes are 19 MB of samples.
    assert peak < 2_000_000


@settings(max_examples=60)
@given(
    noise=st.binary(max_size=200),
    magic=st.sampled_from([b"RIFF....WAVE", b"ID3\x04", b"\xff\xfb\x90", b"OggS"]),
)
def test_noise_behind_a_magic_number_is_refused_and_breaks_nothing(
    noise: bytes, magic: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("noise")
    try:
        decoded = MEDIA.decode(put(folder, magic + noise), folder, False, 10)
    except InvalidMediaError:
        return
    assert decoded.seconds > 0


@given(st.binary(max_size=64))
def test_any_bytes_have_a_format_or_none(head: bytes) -> None:
    assert media_format(head) in {*CODECS, "amr", None}


def test_aac_frames_are_not_taken_for_mp3() -> None:
    assert media_format(bytes([0xFF, 0xF1, 0x50, 0x80])) is None
