"""What can go wrong in a way that its reader can mend: one clear line each."""

from __future__ import annotations


class StreamsError(Exception):
    """An error whose message is for people: what is wrong and what to do. Commands print it and exit 1."""


class SettingsError(StreamsError):
    """A setting is missing or wrong."""


class UnavailableError(StreamsError):
    """A server that is needed does not answer."""


class BadInputError(StreamsError):
    """A file or argument cannot be used."""
