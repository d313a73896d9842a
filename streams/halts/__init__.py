"""Halts: limit-up limit-down price bands, trading pauses and resumptions.

The rules are a package of their own. The agent runs in the trades' app, not in one of its own and not with
the quotes: bands are a few hundred events a second, a worker process costs 100 MB, and a halt must not
wait behind 300,000 quotes a second in a quotes worker's one reader; that worker has no table for it, either.
"""
