r"""Wildcards in event patterns: `*` is any text, `\*` and `\\` are the characters themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from windfall_local.events.errors import InvalidPatternError

ANY = None
"""Stands for `*` in a parsed wildcard, among its literal characters."""

# EventBridge refuses patterns whose wildcards can be half-way matched in too many ways at once.
# Where it draws the line is not published; it refuses the user guide's `*:*:*:*:*:event-bus/*`
# (10 ways) and takes the guide's `/Users/*/dir/dir/dir/dir/dir/doc.txt` (7).
_TOO_MANY_WAYS = 10
_TOO_MANY_STATES = 2_000


def parse_wildcard(text: str) -> list[str | None]:
    """Split a wildcard into characters and `ANY`.

    Raises:
        InvalidPatternError: Two `*` in a row, or a backslash before anything but `*` and itself.
    """
    tokens: list[str | None] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character == "*":
            if tokens and tokens[-1] is ANY:
                raise InvalidPatternError(f"Consecutive wildcard characters at pos {position}")
            tokens.append(ANY)
        elif character == "\\":
            position += 1
            if position >= len(text) or text[position] not in "*\\":
                raise InvalidPatternError(f"Invalid escape character at pos {position - 1}")
            tokens.append(text[position])
        else:
            tokens.append(character)
        position += 1
    return tokens


def compile_wildcard(text: str) -> Callable[[str], bool]:
    """Compile a wildcard to a test of whole strings, linear in their length."""
    pieces = [""]
    for token in parse_wildcard(text):
        if token is ANY:
            pieces.append("")
        else:
            pieces[-1] += token
    if len(pieces) == 1:
        return text_equals(pieces[0])
    first, *middle, last = pieces
    shortest = sum(map(len, pieces))

    def matches(value: str) -> bool:
        if len(value) < shortest or not value.startswith(first) or not value.endswith(last):
            return False
        position, end = len(first), len(value) - len(last)
        for piece in middle:
            found = value.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return True

    return matches


def text_equals(expected: str) -> Callable[[str], bool]:
    """Compile a string without wildcards."""
    return expected.__eq__


def refuse_complexity(texts: Iterable[str]) -> None:
    """Refuse the wildcards of one field that are, together, too complex for EventBridge.

    Walks every set of positions that can be reached at once (the pattern as a non-deterministic
    automaton, on the worst possible value) and counts the largest.

    Raises:
        InvalidPatternError: Too many positions at once.
    """
    patterns = [parse_wildcard(text) for text in texts]
    alphabet = {token for tokens in patterns for token in tokens if token is not ANY} | {""}
    start = _spread(patterns, {(number, 0) for number in range(len(patterns))})
    seen, pending = {start}, [start]
    while pending:
        active = pending.pop()
        for character in alphabet:
            following = _spread(patterns, _step(patterns, active, character))
            ways = sum(_is_wild(patterns, place) for place in following)
            if ways >= _TOO_MANY_WAYS or len(seen) > _TOO_MANY_STATES:
                raise InvalidPatternError(
                    "Rule is too complex - try using fewer wildcard characters or fewer "
                    "repeating character sequences after a wildcard character"
                )
            if following not in seen:
                seen.add(following)
                pending.append(following)


_Place = tuple[int, int]


def _step(
    patterns: list[list[str | None]], active: Iterable[_Place], character: str
) -> set[_Place]:
    following = set()
    for number, position in active:
        tokens = patterns[number]
        if position > 0 and tokens[position - 1] is ANY:
            following.add((number, position))
        if position < len(tokens) and tokens[position] == character:
            following.add((number, position + 1))
    return following


def _spread(patterns: list[list[str | None]], places: set[_Place]) -> frozenset[_Place]:
    # `*` also stands for nothing: whoever is before it is behind it too.
    behind = {
        (number, position + 1)
        for number, position in places
        if position < len(patterns[number]) and patterns[number][position] is ANY
    }
    return frozenset(places | behind)


def _is_wild(patterns: list[list[str | None]], place: _Place) -> bool:
    number, position = place
    return ANY in patterns[number][:position]
