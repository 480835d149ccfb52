"""What a media file is, by its first bytes: names lie."""

from __future__ import annotations

HEAD = 4096
"""Bytes of a file's beginning that tell its format, unless a large tag stands in front."""

DEMUXERS = {
    "mp3": "mp3",
    "mp4": "mov",
    "m4a": "mov",
    "wav": "wav",
    "flac": "flac",
    "ogg": "ogg",
    "amr": "amr",
    "webm": "matroska",
}
"""FFmpeg's reader of each format. Nothing else is opened: no playlists, no concatenations."""

_SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
_MAGIC = (
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"#!AMR", "amr"),
    (b"\x1a\x45\xdf\xa3", "webm"),
)


def media_format(head: bytes) -> str | None:
    """The format of a file that begins so, or None when it is none of these."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "m4a" if head[8:12] in _SOUND_BRANDS else "mp4"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:3] == b"ID3":
        rest = head[10 + _tag_size(head) :]
        return "flac" if rest.startswith(b"fLaC") else "mp3"
    return "mp3" if _is_mpeg_layer_3(head) else None


def _tag_size(head: bytes) -> int:
    # Four bytes of seven bits each (ID3v2, section 3.1).
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return size


def _is_mpeg_layer_3(head: bytes) -> bool:
    """Whether a frame of MPEG audio, layer III, stands here; AAC's frames have layer 0."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer == 1 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3
