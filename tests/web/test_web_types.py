"""The page's types are those of the back end."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_types_of_the_page_are_those_of_the_catalogue() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "web_types.py"))
    for path, text in script["wanted"]().items():
        assert path.read_text() == text, "python scripts/web_types.py writes them"
