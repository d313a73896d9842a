"""Prints who leads a board whenever that changes, and news of the leader. Ends by Ctrl-C.

AUTH_API_KEY=… python docs/examples/movers.py [ws://localhost:4202/ws]
"""

import asyncio
import os
import sys

from msgspec import Struct

from streams.client import MarketClient, State


class Row(Struct):
    """The fields of a board's row that are asked for."""

    symbol: str
    close: float | None
    pct_change: float | None


class Article(Struct):
    """The fields of an article that are asked for."""

    title: str
    link: str


def tell(state: State) -> None:
    """Say when what is shown may be old."""
    print(f"({state})", file=sys.stderr)


async def main(url: str) -> None:
    """Follow the board: only changes of three fields are sent, once a second at most."""
    async with MarketClient(url, api_key=os.environ.get("AUTH_API_KEY"), on_state=tell) as client:
        leader = None
        board = client.subscribe(
            "scanners:top_gappers", list[Row], delta=True, fields=["close", "pct_change"], interval_ms=1_000
        )
        async for update in board:
            if update.data and update.data[0].symbol != leader:
                leader = update.data[0].symbol
                print(f"{leader} leads: {update.data[0].pct_change} % at ${update.data[0].close}", flush=True)
                for article in await client.get(f"news:ticker:{leader}", list[Article], limit=3) or []:
                    print(f"  {article.title} {article.link}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "ws://localhost:4202/ws"))
