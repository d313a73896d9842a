"""``streams watch``: a WebSocket client in the terminal."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "watch",
        help="Show feeds of the WDS as they change: tables in a terminal, else JSON lines.",
        epilog="Example: streams watch scanners:top_gappers quote:AAPL --key …",
    )(watch)


def watch(
    feeds: Annotated[
        list[str], typer.Argument(metavar="FEED…", help="Feeds, such as scanners:top_volume or quote:*.")
    ],
    *,
    url: Annotated[str | None, typer.Option(help="The WDS; default ws://localhost:WDS_PORT/ws.")] = None,
    key: Annotated[str | None, typer.Option(help="The client's key; default AUTH_API_KEY.")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, in a terminal too.")] = False,
    get: Annotated[bool, typer.Option("--get", help="Show the current values once, and end.")] = False,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a board that are shown.")] = 20,
) -> None:
    """Watch until Ctrl-C; lost connections are made anew."""
    import sys

    from pydantic import SecretStr

    from streams import settings
    from streams.cli.tasks import run_to_end
    from streams.cli.watching import JsonLines, Tables, show_once, watch_feeds

    loaded = settings.load()
    address = url or f"ws://localhost:{loaded.wds_port}/ws"
    secret = loaded.auth_api_key if key is None else SecretStr(key)
    show = JsonLines() if json or not sys.stdout.isatty() else Tables(rows)
    if get:
        run_to_end(show_once(address, secret, feeds, show))
    else:
        run_to_end(watch_feeds(address, secret, feeds, show))
