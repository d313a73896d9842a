"""Benchmarks: ``./scripts/bench NAME``. Each prints its figures and the ratio to a floor of the same run."""
