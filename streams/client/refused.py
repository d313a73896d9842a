"""What a client may not do."""

from __future__ import annotations

from streams.errors import StreamsError


class Refused(StreamsError):  # noqa: N818  named as the conversation names it
    """The service refuses this client: it has the wrong key, or none, or one that does not allow this."""
