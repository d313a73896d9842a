"""``streams sim``: the market simulator alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "sim",
        help="Run the market simulator: the vendor's WebSocket and REST on this machine.",
        epilog="Example: streams sim --rate 5000 --ws-port 9000 --rest-port 9001",
    )(sim)


def sim(  # noqa: PLR0913  one parameter an option
    *,
    symbols: Annotated[
        int | None, typer.Option(help="Listings of the synthetic market; default 8000.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Events a second in regular trading; default 20000.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(help="Event time for real time; 0: a recording as fast as it goes; default 1."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="What all randomness comes from; default 7.")] = None,
    start: Annotated[
        str | None,
        typer.Option(help="First second, New York time: 2026-03-02T09:25; default the last session's 09:25."),
    ] = None,
    input: Annotated[  # noqa: A002  the option's name
        Path | None, typer.Option(help="Recorded frames, one JSON array a line, may be gzip.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="Reference data of recorded symbols, one JSON object a line.")
    ] = None,
    news_rate: Annotated[
        float | None, typer.Option(help="Articles a minute of event time; default 30, 0 for none.")
    ] = None,
    news: Annotated[Path | None, typer.Option(help="Recorded articles, one JSON object a line.")] = None,
    held: Annotated[
        bool, typer.Option("--held", help="Recordings wait for POST /sim/play before their first frame.")
    ] = False,
    loop: Annotated[bool, typer.Option("--loop", help="Play the recording again and again.")] = False,
    host: Annotated[str | None, typer.Option(help="Address of both ports; default 127.0.0.1.")] = None,
    ws_port: Annotated[
        int | None, typer.Option(help="Port of the WebSocket server; default a free one.")
    ] = None,
    rest_port: Annotated[
        int | None, typer.Option(help="Port of the REST server; default a free one.")
    ] = None,
    rest_calls_per_minute: Annotated[
        int | None, typer.Option(help="REST calls in any minute; further ones get 429; default no limit.")
    ] = None,
    news_port: Annotated[
        int | None, typer.Option(help="Port of the newswire's WebSocket server; default a free one.")
    ] = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM. Keys are those of the environment; where one is unset, any key."""
    import asyncio

    from streams import settings
    from streams.cli.tasks import new_uvloop, run_until_stopped
    from streams.demo.options import sim_options
    from streams.sim.simulator import Simulator
    from streams.telemetry import configure_logging

    loaded = settings.load()
    configure_logging(loaded.log_level, loaded.log_format)
    given: dict[str, Any] = {
        "symbols": symbols, "rate": rate, "speed": speed, "seed": seed, "start": start, "input": input,
        "reference": reference, "held": held, "loop": loop, "host": host, "ws_port": ws_port,
        "rest_port": rest_port, "news_rate": news_rate, "news": news, "news_port": news_port,
        "rest_calls_per_minute": rest_calls_per_minute,
        "api_key": loaded.massive_api_key, "news_api_key": loaded.finlight_api_key,
    }  # fmt: skip
    simulator = Simulator(sim_options(given))

    async def serve(stop: asyncio.Event) -> None:
        async with simulator:
            typer.echo(f"MASSIVE_FEED={simulator.ws_url}")
            typer.echo(f"MASSIVE_REST_URL={simulator.rest_url}")
            typer.echo(f"FINLIGHT_FEED={simulator.news_url}")
            await stop.wait()

    run_until_stopped(serve, new_loop=new_uvloop)
