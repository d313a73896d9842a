"""Backtests: the scanner's and the bars' rules over recorded frames, without broker and Redis."""
