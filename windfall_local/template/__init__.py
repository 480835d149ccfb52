"""The project's own template, on one machine: load, expand, resolve, plan, provision."""

from __future__ import annotations

from windfall_local.template.errors import (
    ProvisionError,
    TemplateError,
    UnsupportedTemplateError,
)
from windfall_local.template.provision import prepare, provision_template
from windfall_local.template.stack import Stack

__all__ = [
    "ProvisionError",
    "Stack",
    "TemplateError",
    "UnsupportedTemplateError",
    "prepare",
    "provision_template",
]
