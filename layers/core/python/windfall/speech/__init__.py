"""A text as what Polly speaks, and what Polly made of it as one sound.

ssml      the text in pieces of SSML, and the way back from a place in them
marks     speech marks as marks of the text
joined    several sounds and their marks as one
results   where they are kept
"""
