"""``streams doctor``: what this machine lacks, and how to get it."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "doctor",
        help="Check this machine and the servers named in the environment, or with --live an installation "
        "that runs: topics, lag, Redis, clocks, components, keys, versions. Exit code 1 where a check fails.",
        epilog="Example: streams doctor; KAFKA_BOOTSTRAP=kafka:9092 streams doctor --live --json",
    )(doctor)


def doctor(
    *,
    live: Annotated[bool, typer.Option("--live", help="Check an installation that runs.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON array on stdout.")] = False,
) -> None:
    """Show each check with its remedy."""
    import msgspec

    from streams import settings
    from streams.cli.tasks import run_to_end
    from streams.local.doctor import examine
    from streams.platform.checkup import examine_installation

    examined = examine_installation if live else examine
    checks = run_to_end(examined(settings.load()))
    if json:
        typer.echo(msgspec.json.encode(checks))
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            typer.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.name:{width}}  {check.detail}")
            if check.remedy:
                typer.echo(f"      {'':{width}}  -> {check.remedy}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
