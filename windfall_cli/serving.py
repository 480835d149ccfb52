"""The local cloud's own process: start, provision, tell other terminals, wait, end."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import uvloop

from windfall_cli.console import console, plain, print_json, stderr
from windfall_cli.errors import CommandError
from windfall_cli.home import LocalAddress, data_dir, forget_address
from windfall_local.cloud import CloudInUseError, LocalCloud
from windfall_local.faults.rules import RuleError, parse_rule
from windfall_local.mirror.errors import MirrorError
from windfall_local.template import Stack, TemplateError
from windfall_local.template.provision import provision_template


def run(
    template: Path,
    port: int,
    name: str,
    *,
    parameters: dict[str, str],
    audit: Path | None,
    faults: Sequence[str],
    fault_seed: int,
    verbose: bool,
    as_json: bool,
) -> None:
    """Serve a template's stack on 127.0.0.1 until SIGINT or SIGTERM.

    Raises:
        CommandError: It can not start; what was accepted before is untouched.
    """
    try:
        rules = [parse_rule(text) for text in faults]
    except RuleError as error:
        raise CommandError(str(error), "docs/faults.md") from error

    def make() -> AbstractAsyncContextManager[LocalCloud]:
        return LocalCloud.run(
            data_dir(), port=port, audit=audit, faults=rules, fault_seed=fault_seed
        )

    # Nothing that starting makes is garbage; the collector would look through it again and again.
    gc.disable()
    try:
        uvloop.run(_serve(make, template, name, parameters, verbose, as_json))
    except TemplateError as error:
        raise CommandError(
            str(error), "docs/provisioning.md says what the local cloud honours."
        ) from error
    except MirrorError as error:
        raise CommandError(str(error)) from error
    except CloudInUseError as error:
        raise CommandError(str(error), "windfall down, or set WINDFALL_HOME") from error
    except OSError as error:
        raise CommandError(
            f"The local cloud can not listen at port {port}: {error.strerror}",
            "windfall up --port 0 takes a free one.",
        ) from error
    finally:
        gc.enable()


async def _serve(
    make: Callable[[], AbstractAsyncContextManager[LocalCloud]],
    template: Path,
    name: str,
    parameters: dict[str, str],
    verbose: bool,
    as_json: bool,
) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, ended.set)
    async with make() as cloud:
        stderr.print(f"The local cloud answers at {cloud.endpoint}; provisioning {plain(name)} …")
        stack = await provision_template(cloud, template, name, parameters)
        gc.freeze()
        gc.enable()
        _tell(cloud, stack, verbose, as_json)
        try:
            await ended.wait()
        finally:
            forget_address()
        stderr.print("Ending: running work is kept and goes on at the next start …")


def _tell(cloud: LocalCloud, stack: Stack, verbose: bool, as_json: bool) -> None:
    keys = cloud.keys.root
    address = LocalAddress(
        endpoint=cloud.endpoint,
        region=cloud.region,
        access_key=keys.access_key,
        secret_key=keys.secret_key,
        stack=stack.name,
        pid=os.getpid(),
    )
    address.save()
    if as_json:
        no_meaning = {"no_local_meaning": stack.skipped} if verbose else {}
        print_json({**address.public(), "resources": len(stack.resources), **no_meaning})
        return
    console.print(f"{len(stack.resources)} resources stand. Drop a file: windfall drop FILE --wait")
    if verbose:
        for what, reason in stack.skipped.items():
            console.print(f"[dim]{what}: no local meaning. {reason}[/]")
