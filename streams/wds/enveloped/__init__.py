"""Subscriptions with options: snapshots, fields, deltas, a pace of their own, each frame in an envelope."""
