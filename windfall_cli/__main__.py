"""`python -m windfall_cli` is `windfall`."""

from windfall_cli.main import app

app(prog_name="windfall")
