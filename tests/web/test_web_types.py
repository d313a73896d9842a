"""The page's types are those of the back end."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_types_of_the_page_are_those_of_the_catalogue() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "web_types.py"))
    assert script["TARGET"].read_text() == script["wanted"](), "python scripts/web_types.py writes them"
