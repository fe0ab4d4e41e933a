"""Commands that start and stop the system on this machine, and keep its database's shape."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import FailedError, run
from cli.reach import reached, stack_named
from cli.showing import note, say
from cli.terms import command, room

if TYPE_CHECKING:
    from stack.settings import Settings

# ruff: noqa: PLC0415 -- imported where needed, so that --help answers at once

app = typer.Typer()
database = room("Brings the database to the shape this version needs.")

Name = Annotated[
    str | None,
    typer.Option(
        "--name", metavar="NAME", help="The folder below var/ that keeps the state; else that of --stack, else local."
    ),
]


@command(app, "up", example="up --workers 2 --ui")
def up(
    workers: Annotated[int, typer.Option("--workers", min=0, max=16, help="How many workers to start.")] = 1,
    ui: Annotated[bool, typer.Option("--ui/--no-ui", help="Whether to serve Temporal's own pages.")] = True,
    personas: Annotated[
        bool, typer.Option("--personas", help="Let anybody at this machine sign in as a made-up person.")
    ] = False,
    name: Name = None,
) -> None:
    """Run the whole system on this machine until Ctrl-C; its state stays in var/."""
    try:
        run(_up(workers, stack_named(name), ui=ui, personas=personas), interruptible=True)
    except SystemExit as asked:
        # Ended by 'down' or a closed terminal: an orderly end.
        note("Stopped.")
        raise typer.Exit(0) from asked
    except KeyboardInterrupt:
        note("Stopped.")


async def _up(workers: int, name: str, *, ui: bool, personas: bool) -> None:
    from cli.first_steps import first_steps
    from stack.local import LocalStack
    from stack.supervision import supervise
    from storage.migrations import upgrade

    async with LocalStack(name, ui=ui) as stack:
        await asyncio.to_thread(upgrade, stack.database_url)
        stack.expect_portal()
        if workers:
            await stack.start_workers(workers)
        await stack.start_portal(environment={"TALENT_POOL_PORTAL_PERSONAS": "true"} if personas else None)
        pages = f"  Temporal's pages  {stack.ui_address}\n" if stack.ui_address else ""
        health = "".join(
            f"  worker {worker.number}          http://127.0.0.1:{worker.health_port}/health\n"
            for worker in stack.workers
        )
        say(
            f"The system runs, with {workers} worker{'' if workers == 1 else 's'}. Ctrl-C stops it.\n"
            f"  open in a browser {stack.portal_address}\n"
            f"  Temporal          {stack.temporal_address}\n{pages}"
            f"  state, logs       {stack.folder.path}\n"
            f"  letters           {stack.mailbox}\n{health}\n" + await first_steps(stack, name, personas=personas)
        )
        await supervise(stack, note)


@command(app, "portal", example="portal --port 8000")
def portal(
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Where to serve; else TALENT_POOL_PORTAL_PORT.")
    ] = None,
) -> None:
    """Serve the pages of everybody in the process, over a system that runs elsewhere, until Ctrl-C."""
    from stack.logs import configure_logs

    settings = reached()
    configure_logs(settings)
    run(_portal(settings, port), interruptible=True)


async def _portal(settings: "Settings", port: int | None) -> None:
    from portal.serve import serve
    from stack.children import free_port

    await serve(settings, port=port or settings.portal_port or free_port())


@command(app, "down", example="down")
def down(name: Name = None) -> None:
    """Stop the system that 'up' runs; its state stays."""
    run(_down(stack_named(name)))


async def _down(name: str) -> None:
    from stack.folder import StackFolder
    from stack.settings import load_settings

    folder = StackFolder(load_settings().folder / name)
    stopped = await asyncio.to_thread(folder.stop_holder)
    say("Stopped." if stopped else f"Nothing runs in {folder.path}.")


@command(app, "demo", example="demo --seed another-year")
def demo(
    seed: Annotated[str | None, typer.Option("--seed", help="Other people's luck: any word.")] = None,
    nominations: Annotated[int | None, typer.Option("--nominations", min=1, help="Only so many of them.")] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=16, help="How many workers to start.")] = 1,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The folder below var/.")] = "demo",
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture", metavar="FOLDER|FILE.svg", help="Draw the fullest board and the summary, apart or as one."
        ),
    ] = None,
) -> None:
    """Run the pilot cohort from its first day to its last, with simulated people, and say what happened."""
    if picture is not None and picture.suffix != ".svg" and picture.is_file():
        raise typer.BadParameter(f"{picture} is a file: name a folder, or a file that ends in .svg.")
    run(_demo(seed, nominations, workers, name, picture))


async def _demo(seed: str | None, nominations: int | None, workers: int, name: str, picture: Path | None) -> None:
    from simulation.demo import SEED, run_demo

    await run_demo(name, seed=seed or SEED, nominations=nominations, workers=workers, picture=picture)


@command(database, "upgrade", example="database upgrade")
def upgrade_database() -> None:
    """Bring the database up to the newest shape; harmless to repeat."""
    run(_upgrade())


async def _upgrade() -> None:
    from storage.migrations import current, upgrade

    url = _address()
    before = await asyncio.to_thread(current, url)
    await asyncio.to_thread(upgrade, url)
    after = await asyncio.to_thread(current, url)
    say(f"The database stands at step {after}" + (", as before." if before == after else f"; it stood at {before}."))


@command(database, "current", example="database current")
def current_database() -> None:
    """Say at which step the database stands, and fail if it is not the newest."""
    run(_current())


async def _current() -> None:
    from storage.migrations import current, steps

    found = await asyncio.to_thread(current, _address())
    newest = steps()[-1]
    if found != newest:
        raise FailedError(
            f"The database stands at step {found or 'none'}, the newest is {newest}: "
            "run 'python starter.py database upgrade'."
        )
    say(f"The database stands at step {found}, the newest.")


def _address() -> str:
    url = reached().database_url
    if url is None:
        raise FailedError("No database is named: set DATABASE_URL, or start the system with 'make up'.")
    return url
