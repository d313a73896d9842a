"""``streams topics``: the catalogue's topics on the broker."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Kafka topics of the platform, on KAFKA_BOOTSTRAP.")
    group.command(
        "create",
        help="Create the topics that are missing.",
        epilog="Example: KAFKA_BOOTSTRAP=localhost:9092 streams topics create",
    )(create)
    group.command(
        "update",
        help="Create the topics that are missing, and configure those that are there as in the catalogue.",
        epilog="Example: streams topics update && streams topics check",
    )(update)
    group.command(
        "list",
        help="List the topics that are there, with their configuration.",
        epilog="Example: streams topics list --json",
    )(list_)
    group.command(
        "check",
        help="Compare the topics with the catalogue; exit code 1 where they differ.",
        epilog="Example: streams topics check",
    )(check)
    group.command(
        "read",
        help="Show some records of a topic: the newest, or from an offset or a time on. It changes nothing.",
        epilog="Example: streams topics read trades --symbol AAPL --time 09:30:00",
    )(read)
    group.command(
        "export",
        help="Print the catalogue for other tools: rpk's commands, YAML or JSON. Needs no broker.",
        epilog="Example: KAFKA_REPLICATION=3 streams topics export --format rpk | sh",
    )(export)
    app.add_typer(group, name="topics")


def create() -> None:
    """Create what is missing and name it."""
    from streams import settings
    from streams.cli.tasks import run_to_end
    from streams.topic_admin import create_topics

    for name in run_to_end(create_topics(settings.load())) or ["nothing: all topics are there"]:
        typer.echo(f"created {name}")


def update() -> None:
    """Create what is missing, set what differs, and name both."""
    from streams import settings
    from streams.cli.tasks import run_to_end
    from streams.topic_admin import create_topics, update_topics

    loaded = settings.load()
    created, changed = run_to_end(create_topics(loaded)), run_to_end(update_topics(loaded))
    for name in created:
        typer.echo(f"created {name}")
    for found in changed:
        typer.echo(f"{found.topic}: {found.setting} was {found.actual}, is {found.expected}")
    if not (created or changed):
        typer.echo("nothing to do: all topics are there and configured")


def list_(*, json: Json = False) -> None:
    """Show each topic's partitions, replication and configuration."""
    import msgspec

    from streams import settings
    from streams.cli.tasks import run_to_end
    from streams.topic_admin import list_topics

    states = run_to_end(list_topics(settings.load()))
    if json:
        typer.echo(msgspec.json.encode(states))
        return
    if not states:
        typer.echo("no topics yet: streams topics create", err=True)
    for state in states:
        kept = ("cleanup.policy", "retention.ms", "segment.ms")
        config = "  ".join(f"{name}={state.config[name]}" for name in kept if name in state.config)
        typer.echo(f"{state.name:24} partitions={state.partitions}  replicas={state.replication}  {config}")


def read(
    topic: Annotated[str, typer.Argument(help="Its name, with or without KAFKA_TOPIC_PREFIX.")],
    *,
    symbol: Annotated[str | None, typer.Option(help="Only events of this symbol; capitals count.")] = None,
    partition: Annotated[int | None, typer.Option(min=0, help="Only this partition.")] = None,
    offset: Annotated[int | None, typer.Option(min=0, help="From this offset on, of one partition.")] = None,
    time: Annotated[
        str | None, typer.Option(help="From this time on: 09:30:00 is today's in New York, or with a date.")
    ] = None,
    newest: Annotated[int | None, typer.Option(min=1, help="The newest so many; 20 with no start.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most records from an offset or a time on.")] = 20,
    json: Json = False,
) -> None:
    """Show a line for each record, or the whole answer as JSON."""
    import time as clock

    import msgspec

    from streams import settings
    from streams.cli.tasks import run_to_end
    from streams.cli.topic_records import columns, remarks
    from streams.errors import BadInputError
    from streams.inspection import times
    from streams.inspection.query import Query, topic_named
    from streams.inspection.reader import inspect

    if newest is not None and (offset, time) != (None, None):
        raise BadInputError("one start alone: --offset, --time or --newest")
    loaded = settings.load()
    query = Query(
        topic_named(loaded, topic),
        symbol=symbol,
        partition=partition,
        offset=offset,
        time_ms=None if time is None else times.parse(time, int(clock.time() * 1000)),
        most=newest or limit,
    )
    answer = run_to_end(inspect(loaded, query))
    if json:
        typer.echo(msgspec.json.encode(answer))
        return
    for record in answer.records:
        typer.echo("  ".join(columns(record)))
    for remark in remarks(answer):
        typer.echo(remark, err=True)


def export(
    *,
    format: Annotated[  # noqa: A002  the option's name
        Literal["rpk", "yaml", "json"], typer.Option(help="What it is for.")
    ] = "yaml",
) -> None:
    """Print every topic with the environment's prefix, partitions and replication."""
    from streams import settings
    from streams.cli import topic_export

    typer.echo(topic_export.export(settings.load(), format), nl=False)


def check() -> None:
    """Show each difference from the catalogue."""
    from streams import settings
    from streams.cli.tasks import run_to_end
    from streams.topic_admin import check_topics

    mismatches = run_to_end(check_topics(settings.load()))
    for mismatch in mismatches:
        typer.echo(str(mismatch))
    if mismatches:
        typer.echo("streams topics update sets configurations; partitions and replicas it leaves", err=True)
        raise typer.Exit(1)
    typer.echo("all topics are as they should be")
