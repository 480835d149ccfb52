"""Sounds: IPA and X-SAMPA to the synthesiser's phoneme names, and phonemes to visemes."""

# ruff: noqa: RUF001 - phonetic letters look like others, and mean themselves
from __future__ import annotations

_IPA_TO_ESPEAK = {
    "tʃ": "tS", "dʒ": "dZ", "t͡ʃ": "tS", "d͡ʒ": "dZ", "ts": "ts",
    "eɪ": "eI", "aɪ": "aI", "ɔɪ": "OI", "aʊ": "aU", "oʊ": "oU", "əʊ": "oU",
    "iː": "i:", "uː": "u:", "ɑː": "A:", "ɔː": "O:", "ɜː": "3:", "ɝ": "3:", "ɚ": "3",
    "p": "p", "b": "b", "t": "t", "d": "d", "k": "k", "g": "g", "ɡ": "g", "f": "f", "v": "v",
    "θ": "T", "ð": "D", "s": "s", "z": "z", "ʃ": "S", "ʒ": "Z", "h": "h", "x": "x", "m": "m",
    "n": "n", "ŋ": "N", "ɲ": "n^", "l": "l", "ʎ": "l^", "ɹ": "r", "r": "r", "ɾ": "*", "ʁ": "r",
    "j": "j", "w": "w", "β": "B", "ɣ": "Q",
    "i": "i", "ɪ": "I", "e": "e", "ɛ": "E", "æ": "a", "a": "a", "ɑ": "A:", "ɒ": "0",
    "ɔ": "O:", "o": "o", "ʊ": "U", "u": "u:", "ʌ": "V", "ə": "@", "ɜ": "3:", "y": "y",
    "ø": "Y", "œ": "W",
    "ˈ": "'", "ˌ": ",", "ː": ":", ".": "", " ": " ", "ʰ": "", "̩": "-", "|": "", "‿": "",
}  # fmt: skip

_XSAMPA_TO_IPA = {
    "r\\": "ɹ", "3`": "ɝ", "@`": "ɚ", "3:": "ɜː", "l=": "l̩", "n=": "n̩", "m=": "m̩",
    "T": "θ", "D": "ð", "S": "ʃ", "Z": "ʒ", "N": "ŋ", "J": "ɲ", "L": "ʎ", "4": "ɾ", "R": "ʁ",
    "B": "β", "G": "ɣ", "I": "ɪ", "E": "ɛ", "{": "æ", "A": "ɑ", "Q": "ɒ", "O": "ɔ", "U": "ʊ",
    "V": "ʌ", "@": "ə", "3": "ɜ", "2": "ø", "9": "œ", '"': "ˈ", "%": "ˌ", ":": "ː",
}  # fmt: skip

_VISEMES = {
    "p": "pbm", "t": "tdnlɾɫɭʈɖɳ", "S": "ʃʒɕʑʂʐ", "T": "θð", "f": "fvʋ", "k": "kɡghŋxɣʔqχɦc",
    "i": "iɪjɨ", "r": "rɹɻʁʀ", "s": "szʦʣ", "u": "uʊwʉyɯ", "@": "əɚɜɝɐø", "a": "aæɑ",
    "e": "eø", "E": "ɛʌœɞ", "o": "o", "O": "ɔɒ",
}  # fmt: skip
_VISEME_OF = {sound: viseme for viseme, sounds in _VISEMES.items() for sound in sounds}

SILENCE = "sil"


def espeak_phonemes(pronunciation: str, alphabet: str) -> str | None:
    """A pronunciation in the synthesiser's names; None when a sound of it is not known.

    Args:
        pronunciation: As in `ph` of SSML or `phoneme` of a lexicon.
        alphabet: `ipa` or `x-sampa`.
    """
    sounds = pronunciation.strip()
    if alphabet == "x-sampa":
        sounds = _translate(sounds, _XSAMPA_TO_IPA, keep=True) or ""
    return _translate(sounds, _IPA_TO_ESPEAK, keep=False)


def viseme_of(phoneme: str) -> str | None:
    """The shape of the mouth for a phoneme in IPA; None for what has none (stress, length)."""
    if phoneme.startswith("_"):
        return SILENCE
    sounds = phoneme.lstrip("ˈˌ'")
    # An affricate looks like its second half, a diphthong like its first.
    if len(sounds) > 1 and sounds[0] in "td" and sounds[1] in "ʃʒ":
        return "S"
    return next((_VISEME_OF[sound] for sound in sounds if sound in _VISEME_OF), None)


def _translate(sounds: str, table: dict[str, str], *, keep: bool) -> str | None:
    longest = max(map(len, table))
    result = []
    position = 0
    while position < len(sounds):
        for length in range(longest, 0, -1):
            found = table.get(sounds[position : position + length])
            if found is not None:
                result.append(found)
                position += length
                break
        else:
            if not keep:
                return None
            result.append(sounds[position])
            position += 1
    return "".join(result)
