"""The command ``streams``.

Each module declares its commands and imports what does the work only when it is called, so that help is
instant.
"""
