"""``streams capacity``: what a load needs."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "capacity",
        help="Tell what a load needs: workers, broker, Redis, WDS, money. Arithmetic; needs no server.",
        epilog="Example: streams capacity --events 200000 --clients 2000 --replication 3",
    )(capacity)


def capacity(  # noqa: PLR0913  options
    *,
    events: Annotated[float, typer.Option(min=1, help="Events a second that must be carried.")] = 200_000,
    symbols: Annotated[int, typer.Option(min=1, help="Symbols that trade.")] = 8_000,
    clients: Annotated[int, typer.Option(min=0, help="Clients of the WDS.")] = 500,
    boards: Annotated[float, typer.Option(min=0, help="Boards that a client watches.")] = 3,
    quotes: Annotated[float, typer.Option(min=0, help="Symbols that a client watches.")] = 20,
    replication: Annotated[int, typer.Option(min=1, help="Replicas of each topic.")] = 1,
    partitions: Annotated[int, typer.Option(min=1, help="Partitions of the market data topics.")] = 8,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show the plan."""
    import msgspec

    from streams.capacity import Demand, Prices, plan

    demand = Demand(events, symbols, clients, boards, quotes, replication, partitions=partitions)
    made = plan(demand)
    dollars = made.dollars_a_month(Prices())
    if json:
        typer.echo(msgspec.json.encode({**msgspec.to_builtins(made), "dollars_a_month": round(dollars)}))
        return
    workers = ", ".join(f"{name} {count}" for name, count in made.workers.items())
    needed = max(made.workers.values())
    taken = f"{made.broker_in_mb_s:,.1f} MB/s in, {made.broker_disk_gb:,.1f} GB kept"
    rows = [
        ("Kafka", f"{made.records_per_s:,.0f} records/s, {taken}"),
        ("workers", workers),
        ("Redis", f"{made.values_per_s:,.0f} values/s, {made.redis_commands_per_s:,.0f} commands/s"),
        ("WDS", f"{made.wds_processes} processes, {made.egress_mb_s:,.1f} MB/s out"),
        (
            "in all",
            f"{made.cores:,.1f} cores, {made.memory_gb:,.1f} GB memory, about ${dollars:,.0f} a month",
        ),
    ]
    for name, text in rows:
        typer.echo(f"{name:8} {text}")
    if needed > partitions:
        typer.echo(
            f"{needed} workers need {needed} partitions at least (KAFKA_PARTITIONS is {partitions})", err=True
        )
