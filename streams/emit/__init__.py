"""What the platform computes, written to Redis: conflated, pipelined, and again when Redis comes back."""

from streams.emit.emitter import Emitter

__all__ = ["Emitter"]
