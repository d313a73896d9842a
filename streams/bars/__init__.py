"""Bars: the minutes of each symbol's day for charts, longer spans made of them, and the newest raw bars."""
