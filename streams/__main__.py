"""``python -m streams`` is the command ``streams``."""

from streams.cli.main import run

if __name__ == "__main__":
    run()
