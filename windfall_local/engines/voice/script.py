"""A text or an SSML document as parts to speak, each character knowing where it came from.

The synthesiser's own reading of SSML loses offsets at `sub`, swallows events after `break` and
ignores `phoneme`, `lang` and parts of `say-as`. So the document is taken apart here; what goes to
the synthesiser is text with its own `prosody`, `emphasis` and `mark` tags, one part between pauses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from windfall_local.engines.voice import SpeechRequest
from windfall_local.engines.voice.delivery import emphasis_tag, pause_of, prosody_tag
from windfall_local.engines.voice.espeak import escape
from windfall_local.engines.voice.lexicon import Lexicon
from windfall_local.engines.voice.phonetics import espeak_phonemes
from windfall_local.engines.voice.ssml import (
    Characters,
    Closed,
    InvalidSsmlError,
    Opened,
    parse_ssml,
)
from windfall_local.engines.voice.wording import UnknownWordingError, word

Span = tuple[int, int]

BEEP = 600
"""Milliseconds of the tone that stands for an expletive."""

PARAGRAPH = 400
"""Milliseconds after a paragraph, on top of what the synthesiser leaves after a sentence."""

_SILENT = frozenset(["w", "amazon:effect", "amazon:auto-breaths", "amazon:breath", "amazon:domain"])
"""Taken and not honoured: the synthesiser has neither breath nor style. Their text is spoken."""

_KNOWN = _SILENT | frozenset(
    ["speak", "break", "emphasis", "lang", "mark", "p", "s", "phoneme", "prosody", "say-as", "sub"]
)


@dataclass(slots=True)
class Spoken:
    """Text for the synthesiser.

    Attributes:
        language: The synthesiser's, where it is not the speaker's.
        markup: Text and tags of the synthesiser's kind.
        spans: For each character of it, where that came from; None for tags.
        phonemes: Whether it holds phonemes.
    """

    language: str | None
    markup: str = ""
    spans: list[Span | None] = field(default_factory=list)
    phonemes: bool = False

    def add(self, markup: str, spans: Sequence[Span | None]) -> None:
        """Put text or a tag at the end."""
        self.markup += markup
        self.spans.extend(spans)


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence, or a tone in place of a word."""

    milliseconds: int
    tone: bool = False


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A `mark` of the document; the synthesiser knows it by its index."""

    name: str
    start: int
    end: int


@dataclass(slots=True)
class Script:
    """What to speak.

    Attributes:
        parts: In order.
        bookmarks: The document's marks.
        written: The characters as they were written, with their places, and None where a
            paragraph or sentence ends whatever its punctuation.
    """

    parts: list[Spoken | Pause] = field(default_factory=list)
    bookmarks: list[Bookmark] = field(default_factory=list)
    written: list[tuple[str, Span] | None] = field(default_factory=list)


def write_script(request: SpeechRequest) -> Script:
    """Take a request apart.

    Raises:
        InvalidSsmlError: The SSML is malformed or has what is refused.
    """
    writer = _Writer(request)
    if request.ssml:
        for token in parse_ssml(request.text):
            writer.take(token)
    else:
        writer.take(plain_characters(request.text))
    return writer.finish()


def plain_characters(text: str) -> Characters:
    """Plain text with the place of each character in its UTF-8 bytes."""
    spans = []
    position = 0
    for character in text:
        size = len(character.encode("utf-8", "surrogatepass"))
        spans.append((position, position + size))
        position += size
    return Characters(text, spans)


@dataclass(slots=True)
class _Replaced:
    """An element whose text is not read as it stands."""

    element: Opened
    text: str = ""
    spans: list[Span] = field(default_factory=list)


class _Writer:
    def __init__(self, request: SpeechRequest) -> None:
        self._request = request
        self._script = Script()
        self._pronounce = _Pronouncer(request.lexicons)
        self._open_tags: list[tuple[str, str, str]] = []
        self._languages: list[str | None] = [None]
        self._replaced: _Replaced | None = None
        self._part = Spoken(None)

    def take(self, token: Opened | Closed | Characters) -> None:
        if isinstance(token, Opened):
            self._open(token)
        elif isinstance(token, Closed):
            self._close(token)
        elif self._replaced is not None:
            self._replaced.text += token.text
            self._replaced.spans.extend(token.spans)
        else:
            self._write(token.text, token.spans)

    def finish(self) -> Script:
        self._flush()
        return self._script

    def _open(self, tag: Opened) -> None:
        self._check(tag)
        name = tag.name
        if name in ("sub", "say-as", "phoneme"):
            self._replaced = _Replaced(tag)
        elif name == "break":
            self._flush()
            self._script.parts.append(Pause(pause_of(tag.attributes)))
        elif name == "mark":
            self._mark(tag)
        elif name in ("prosody", "emphasis"):
            own = prosody_tag if name == "prosody" else emphasis_tag
            self._open_tags.append((name, own(tag.attributes), f"</{name}>"))
            self._add_tag(self._open_tags[-1][1])
        elif name == "lang":
            self._switch_language(tag)
        elif name in ("p", "s"):
            self._end_sentence()

    def _close(self, tag: Closed) -> None:
        if tag.name in ("sub", "say-as", "phoneme") and self._replaced is not None:
            replaced, self._replaced = self._replaced, None
            self._write_replaced(replaced)
        elif tag.name in ("prosody", "emphasis"):
            self._add_tag(self._open_tags.pop()[2])
        elif tag.name == "lang":
            self._flush()
            self._languages.pop()
            self._part.language = self._languages[-1]
        elif tag.name in ("p", "s"):
            self._end_sentence()
            if tag.name == "p":
                self._script.parts.append(Pause(PARAGRAPH))

    def _check(self, tag: Opened) -> None:
        refused = self._request.refused
        variant = f"{tag.name} {tag.attributes.get('name', '')}".strip()
        if tag.name not in _KNOWN or tag.name in refused or variant in refused:
            raise InvalidSsmlError(f"Invalid SSML request: <{variant}> is not supported here")
        if self._replaced is not None:
            raise InvalidSsmlError(
                f"Invalid SSML request: <{tag.name}> inside <{self._replaced.element.name}>"
            )

    def _mark(self, tag: Opened) -> None:
        name = tag.attributes.get("name")
        if not name:
            raise InvalidSsmlError("Invalid SSML request: <mark> has no name")
        self._add_tag(f'<mark name="{len(self._script.bookmarks)}"/>')
        self._script.bookmarks.append(Bookmark(name, tag.start, tag.end))

    def _switch_language(self, tag: Opened) -> None:
        named = tag.attributes.get("xml:lang", "")
        if named not in self._request.languages:
            raise InvalidSsmlError(f"Invalid SSML request: unsupported xml:lang {named!r}")
        self._flush()
        self._languages.append(self._request.languages[named])
        self._part.language = self._languages[-1]

    def _end_sentence(self) -> None:
        self._flush()
        self._script.written.append(None)

    def _flush(self) -> None:
        """End the part, and open what is open anew in the next."""
        if any(self._part.spans):
            for _, _, closing in reversed(self._open_tags):
                self._add_tag(closing)
            self._script.parts.append(self._part)
        elif '<mark name="' in self._part.markup:
            # A mark alone, such as one at the very end, still has its time.
            self._script.parts.append(self._part)
        self._part = Spoken(self._languages[-1])
        for _, opening, _ in self._open_tags:
            self._add_tag(opening)

    def _add_tag(self, markup: str) -> None:
        self._part.add(markup, [None] * len(markup))

    def _write(self, text: str, spans: Sequence[Span]) -> None:
        self._script.written.extend(zip(text, spans, strict=True))
        for piece, begin, end, phonemes in self._pronounce(text):
            if phonemes:
                self._add_phonemes(piece, (spans[begin][0], spans[end - 1][1]))
            elif piece == text[begin:end]:
                for character, span in zip(piece, spans[begin:end], strict=True):
                    self._add_text(character, span)
            else:
                self._add_text(piece, (spans[begin][0], spans[end - 1][1]))

    def _add_text(self, text: str, span: Span) -> None:
        # "[[" would begin phonemes.
        escaped = escape(text.replace("[", " ").replace("\0", " "))
        self._part.add(escaped, [span] * len(escaped))

    def _add_phonemes(self, phonemes: str, span: Span) -> None:
        self._part.phonemes = True
        self._part.add(f"[[{phonemes}]]", [span] * (len(phonemes) + 4))

    def _write_replaced(self, replaced: _Replaced) -> None:
        self._script.written.extend(zip(replaced.text, replaced.spans, strict=True))
        if not replaced.spans:
            return
        span = (replaced.spans[0][0], replaced.spans[-1][1])
        attributes = replaced.element.attributes
        if replaced.element.name == "sub":
            self._add_text(_required(replaced.element, "alias"), span)
        elif replaced.element.name == "phoneme":
            alphabet = attributes.get("alphabet", "ipa")
            sounds = espeak_phonemes(_required(replaced.element, "ph"), alphabet)
            if sounds is None:
                self._add_text(replaced.text, span)
            else:
                self._add_phonemes(sounds, span)
        else:
            self._say_as(replaced, span)

    def _say_as(self, replaced: _Replaced, span: Span) -> None:
        kind = _required(replaced.element, "interpret-as")
        if kind == "expletive":
            self._flush()
            self._script.parts.append(Pause(BEEP, tone=True))
            return
        language = self._languages[-1] or self._request.speaker.language
        order = replaced.element.attributes.get("format")
        try:
            spoken = word(replaced.text, kind, order, language)
        except UnknownWordingError as error:
            raise InvalidSsmlError(f"Invalid SSML request: unsupported {error}") from error
        if spoken == replaced.text:
            for character, place in zip(replaced.text, replaced.spans, strict=True):
                self._add_text(character, place)
        else:
            self._add_text(spoken, span)


class _Pronouncer:
    """Finds words of the lexicons in a text."""

    def __init__(self, lexicons: Sequence[Lexicon]) -> None:
        self._readings: dict[str, tuple[str, bool]] = {}
        for lexicon in lexicons:
            for lexeme in lexicon.lexemes:
                reading = _reading(lexicon, lexeme.alias, lexeme.phoneme)
                for grapheme in lexeme.graphemes if reading else ():
                    self._readings.setdefault(grapheme, reading or ("", False))
        # The longest spelling first: "New York City" before "New York".
        spellings = sorted(self._readings, key=len, reverse=True)
        choice = "|".join(map(re.escape, spellings))
        self._pattern = re.compile(rf"(?<!\w)(?:{choice})(?!\w)") if spellings else None

    def __call__(self, text: str) -> Iterable[tuple[str, int, int, bool]]:
        """Pieces of the text: what is spoken, from where to where, and whether as phonemes."""
        position = 0
        for match in self._pattern.finditer(text) if self._pattern else ():
            if match.start() > position:
                yield text[position : match.start()], position, match.start(), False
            reading, phonemes = self._readings[match.group()]
            yield reading, match.start(), match.end(), phonemes
            position = match.end()
        if position < len(text):
            yield text[position:], position, len(text), False


def _reading(lexicon: Lexicon, alias: str | None, phoneme: str | None) -> tuple[str, bool] | None:
    if alias is not None:
        return alias, False
    sounds = espeak_phonemes(phoneme or "", lexicon.alphabet)
    return (sounds, True) if sounds else None


def _required(tag: Opened, attribute: str) -> str:
    value = tag.attributes.get(attribute)
    if not value:
        raise InvalidSsmlError(f"Invalid SSML request: <{tag.name}> has no {attribute}")
    return value
