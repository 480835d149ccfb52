"""Every parser that reads what strangers send, and the only errors that it may raise.

A target takes bytes. It may refuse them with its own errors; anything else is a finding, and so
is an input that takes longer than `MOST_SECONDS` or more memory than the driver allows.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from tests.fakes.storage import FakeObjectStore
from windfall.captions.transcript import read_words
from windfall.contracts.base import S3Pointer
from windfall.encodings import decode_text
from windfall.errors import InvalidInputError
from windfall.mp3 import sound
from windfall.ports.storage import ObjectHead
from windfall.preflight.inspection import Tables, inspect
from windfall.preflight.snapshot import Snapshot
from windfall.tables.answers import read_answers
from windfall.tables.parquet import read_parquet
from windfall.tables.sniffing import sniff_csv, sniff_json_lines
from windfall.text.extraction import FORMATS, extract
from windfall_local.api import ServiceError
from windfall_local.engines.voice.lexicon import LexiconError, parse_lexicon
from windfall_local.engines.voice.ssml import InvalidSsmlError, parse_ssml
from windfall_local.events.errors import InvalidPatternError
from windfall_local.events.patterns import compile_pattern
from windfall_local.identity.documents import PolicyError, read_policy
from windfall_local.services.translate.terminology import TerminologyError, parse_terminology
from windfall_local.wire.chunked import Chunks
from windfall_local.workflows.parsing import InvalidDefinitionError, parse_definition

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).with_name("corpus")
MOST_SECONDS = 10


@dataclass(frozen=True)
class Target:
    """A parser under attack.

    Attributes:
        parse: Reads bytes.
        refusals: What it may raise.
        seeds: Inputs that it takes, to begin from.
    """

    parse: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...] = field(default=(b"",))

    def attack(self, data: bytes) -> None:
        """Parse; raises only what is a finding."""
        try:
            self.parse(data)
        except self.refusals:
            return


def _preflight(data: bytes) -> object:
    place = S3Pointer(bucket="b", key="k")
    head = ObjectHead(place, len(data), "e", "", {})
    snapshot = Snapshot(head, len(data), hashlib.sha256(data).hexdigest(), io.BytesIO(data))
    found = inspect(snapshot, "a file", Tables())
    return found if found.convert is None else found.convert(snapshot.stream)


def _extract(name: str) -> Callable[[bytes], object]:
    return lambda data: extract(data, name)


def _text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse(data.decode("utf-8", "replace"))


def _transcript(data: bytes) -> object:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return read_words(document) if isinstance(document, dict) else None


def _sniff(data: bytes) -> object:
    return sniff_csv(data, whole=True), sniff_json_lines(data, whole=True)


def _parquet(data: bytes) -> object:
    store = FakeObjectStore()
    pointer = store.drop("b", "k", data)
    header, rows = read_parquet(store, pointer, len(data))
    return header, list(rows)


def _a_parquet() -> bytes:
    columns = [
        Array([1, None, 3], type=DataType.int64()),
        Array(list("abc"), type=DataType.string()),
    ]
    body = io.BytesIO()
    write_parquet(Table.from_arrays(columns, names=["n", "s"]), body)
    return body.getvalue()


def _files(*names: str) -> tuple[bytes, ...]:
    return tuple((ROOT / name).read_bytes() for name in names)


def _lines(*texts: str) -> tuple[bytes, ...]:
    return tuple(text.encode() for text in texts)


_SUBTITLES = _lines(
    "WEBVTT\n\nNOTE x\n\n1\n00:00.000 --> 00:01.500 line:0\n<v Ann>Hello &amp; <i>bye</i>\n",
    "1\n00:00:00,000 --> 00:00:01,500\nHello\n\n2\n00:00:02,000 --> 00:00:03,000\n{\\an8}Bye\n",
)
_DOCUMENTS = {
    "html": _lines("<html><head><title>t</title></head><body><p>a<br>b<!-- c --></p><pre>x</pre>"),
    "md": _lines("# T\n\n* a\n  1. b\n\n> c `d` [e](f)\n\n```\ng\n```\n\n| h | i |\n|---|---|\n"),
    "srt": _SUBTITLES,
    "vtt": _SUBTITLES,
    "txt": _lines("Grüße,\r\nwelt\f\u2028x"),
}


def _take_chunks_apart(body: bytes) -> None:
    """Once in one piece and once byte by byte: both must say the same."""
    found = []
    for step in (max(1, len(body)), 1):
        chunks = Chunks()
        parts = [
            bytes(part.data)
            for start in range(0, len(body), step)
            for part in chunks.feed(body[start : start + step])
        ]
        found.append((b"".join(parts), chunks.finish()))
    assert found[0] == found[1]


TARGETS: dict[str, Target] = {
    "preflight": Target(
        _preflight,
        (InvalidInputError,),
        _files("demo/portrait.jpg", "demo/page.png", "demo/letter.txt", "demo/backup.zip"),
    ),
    **{
        f"extract-{name}": Target(
            _extract(name), (InvalidInputError,), _DOCUMENTS.get(name, (b"",))
        )
        for name in sorted(FORMATS)
    },
    "decode": Target(decode_text, (InvalidInputError,), _DOCUMENTS["txt"]),
    "tables": Target(
        _sniff,
        (InvalidInputError,),
        _lines('a;b\n1,5;"x\ny"\n', '{"a": 1}\n{"a": null, "b": []}\n'),
    ),
    "parquet": Target(_parquet, (InvalidInputError,), (_a_parquet(),)),
    "answers": Target(
        lambda data: read_answers(data, 2),
        (InvalidInputError,),
        _lines(
            "0.1\n0.9", "[0.1, 0.9],[0.8, 0.2]", '{"predictions": [{"score": 1}, {"score": 2}]}'
        ),
    ),
    "transcript": Target(
        _transcript,
        (InvalidInputError,),
        _lines(
            '{"results": {"items": [{"type": "pronunciation", "start_time": "0.1", "end_time":'
            ' "0.5", "alternatives": [{"content": "a", "confidence": "0.9"}]}]}}'
        ),
    ),
    "mp3": Target(sound, (InvalidInputError,), (b"\xff\xfb\x90\x00" + bytes(413),)),
    "ssml": Target(
        _text(parse_ssml),
        (InvalidSsmlError,),
        _lines('<speak>a <break time="1s"/><prosody rate="slow">b</prosody></speak>'),
    ),
    "lexicon": Target(
        _text(parse_lexicon),
        (LexiconError,),
        _lines(
            '<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"'
            ' alphabet="ipa" xml:lang="en-US"><lexeme><grapheme>W3C</grapheme>'
            "<alias>World</alias></lexeme></lexicon>"
        ),
    ),
    "terminology-csv": Target(
        lambda data: parse_terminology(data, "CSV", multi=False),
        (TerminologyError,),
        _lines("en,es\nhouse,casa\n"),
    ),
    "terminology-tmx": Target(
        lambda data: parse_terminology(data, "TMX", multi=False),
        (TerminologyError,),
        _lines(
            '<tmx version="1.4"><header srclang="en"/><body><tu><tuv xml:lang="en"><seg>a</seg>'
            '</tuv><tuv xml:lang="es"><seg>b</seg></tuv></tu></body></tmx>'
        ),
    ),
    "pattern": Target(
        _text(compile_pattern),
        (InvalidPatternError,),
        _lines('{"source": ["a", {"prefix": "b"}], "detail": {"n": [{"numeric": [">", 1]}]}}'),
    ),
    "policy": Target(
        _text(read_policy),
        (PolicyError,),
        _lines(
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*",'
            ' "Resource": "*", "Condition": {"StringLike": {"aws:x": "${aws:y}"}}}]}'
        ),
    ),
    "definition": Target(
        _text(parse_definition),
        (InvalidDefinitionError,),
        _files("statemachines/analyze_image.asl.json"),
    ),
    "chunks": Target(
        _take_chunks_apart,
        (ServiceError,),
        (b"5;chunk-signature=a\r\nhello\r\n0\r\nx-a:b\r\n\r\n",),
    ),
}


def inputs(name: str) -> Iterator[tuple[str, bytes]]:
    """The seeds of a target, and everything that was ever found against it."""
    for number, seed in enumerate(TARGETS[name].seeds):
        yield f"seed {number}", seed
    for file in sorted((CORPUS / name).glob("*")):
        yield file.name, file.read_bytes()
