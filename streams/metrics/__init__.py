"""Figures for Prometheus: each metric declared once, read from `streams.telemetry` when it is asked for."""

from streams.metrics.exposition import Exposition

__all__ = ["Exposition"]
