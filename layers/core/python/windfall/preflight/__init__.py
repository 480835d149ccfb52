"""Looking at a file before anything is paid for: what it is, or why no service takes it.

inspection   from bytes to kind, format and media type; the other modules are imported as needed
snapshot     a dropped object's bytes, read once
images, sounds, videos, documents, tables   what is looked at in each kind
media        recordings and videos, by their containers (mp4, matroska)
"""
