"""Quotes: the newest national best bid and offer of each symbol."""
