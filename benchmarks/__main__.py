"""Runs one benchmark: ``./scripts/bench NAME [--json] [its own options]``."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys

import benchmarks

OTHERS = {"crowd", "load", "prefilled", "report", "rivals", "worker"}
"""Modules beside the benchmarks that are none."""


def names() -> list[str]:
    """Return the names of all benchmarks."""
    return sorted(
        module.name
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if not module.name.startswith("_") and module.name not in OTHERS
    )


def main(arguments: list[str]) -> int:
    """Run the benchmark that is named first; return the exit code."""
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(f"usage: ./scripts/bench NAME [--json] [options]\n\nbenchmarks: {', '.join(names())}")
        print("./scripts/bench NAME --help tells a benchmark's own options.")
        return 0 if arguments else 2
    name, *options = arguments
    if name not in names():
        print(f"bench: no benchmark is named {name!r}: one of {', '.join(names())}", file=sys.stderr)
        return 2
    as_json = "--json" in options
    figures = importlib.import_module(f"benchmarks.{name}").main([o for o in options if o != "--json"])
    if as_json:
        print(json.dumps(figures))
    else:
        width = max(len(key) for key in figures)
        for key, value in figures.items():
            print(f"{key:<{width}}  {value:,}" if isinstance(value, int) else f"{key:<{width}}  {value}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
