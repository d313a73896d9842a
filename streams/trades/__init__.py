"""Trades: the last trade of each symbol, and the statistics of its newest thousand."""
