"""The command `windfall`: everything a user does with a stack, here or on AWS."""

from __future__ import annotations

import typer

from windfall_cli.commands import (
    approve,
    backfill,
    browse,
    cloud,
    cost,
    demo,
    doctor,
    drop,
    estimate,
    label,
    models,
    profile,
    redrive,
    rerun,
    show,
    trace,
    translate,
)

app = typer.Typer(
    help="Drop a file; get everything that AWS's AI services can tell about it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(cloud.up)
app.command()(cloud.down)
app.command()(drop.drop)
app.command("watch")(drop.watch_folder)
app.command()(show.status)
app.command()(show.show)
app.command()(show.search)
app.command()(browse.browse)
app.command()(trace.trace)
app.command()(estimate.estimate)
app.command()(cost.cost)
app.command()(approve.approve)
app.command("reject")(approve.reject)
app.command()(translate.translate)
app.add_typer(label.app, name="label")
app.add_typer(profile.app, name="profile")
app.add_typer(models.app, name="models")
app.command()(backfill.backfill)
app.command()(rerun.rerun)
app.command()(redrive.redrive)
app.command()(doctor.doctor)
app.command()(demo.demo)
