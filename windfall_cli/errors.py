"""What goes wrong at the command line, said so that the next step is clear."""


class CommandError(Exception):
    """A command can not do its work.

    Args:
        message: What is wrong.
        remedy: What to do next; shown on a line of its own.
    """

    def __init__(self, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
