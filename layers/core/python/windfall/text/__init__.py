"""Plain text: got out of documents, cut into chunks, put together again from answers."""
