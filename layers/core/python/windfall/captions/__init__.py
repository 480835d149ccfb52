"""Captions: from words with times to cues, their translations, and the files that players read.

transcript.py   Transcribe's result → words with times and speakers
splitting.py    words → cues
passages.py     cues → what is translated as a whole, and a translation → cues again
lines.py        where a line may break
files.py        cues → WebVTT and SubRip
validation.py   what is wrong with such a file
"""
