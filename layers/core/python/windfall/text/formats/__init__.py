"""One module for each format of documents, each with `read(body: bytes) -> Document`."""
