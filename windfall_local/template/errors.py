"""What may be wrong with a template.

TemplateError                   the template is wrong, whatever provisions it
├── UnsupportedTemplateError    it is right, but asks for what the local cloud does not honour
└── ProvisionError              a service refused one of its resources
"""

from __future__ import annotations


class TemplateError(Exception):
    """The template is wrong; the message says where."""


class UnsupportedTemplateError(TemplateError):
    """The template asks for what the local cloud does not honour.

    Args:
        problems: One line each, with the logical ID and the property or type.
    """

    def __init__(self, problems: list[str]) -> None:
        listed = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"The local cloud does not honour this template:{listed}")
        self.problems = problems


class ProvisionError(TemplateError):
    """A service refused a resource; the message names both."""
