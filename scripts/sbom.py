"""Writes the bill of materials of a release: every package it may install, with version and hashes.

python scripts/sbom.py > sbom.json    CycloneDX 1.6 as JSON, made of constraints/runtime.txt

The same constraints give the same bytes: there is no time and no random serial number in it.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
PINNED: Final = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$"
)
HASH: Final = re.compile(r"^\s+--hash=sha256:(?P<digest>[0-9a-f]{64})")


def components(constraints: str) -> list[dict[str, Any]]:
    """Return the packages of a constraints file, in its order.

    Raises:
        ValueError: A package has no hash: then nothing says what will be installed.
    """
    found: list[dict[str, Any]] = []
    for line in constraints.splitlines():
        if pinned := PINNED.match(line):
            found.append(_component(**pinned.groupdict()))
        elif (digest := HASH.match(line)) and found:
            found[-1]["hashes"].append({"alg": "SHA-256", "content": digest["digest"]})
    bare = [each["purl"] for each in found if not each["hashes"]]
    if bare:
        raise ValueError(f"without a hash: {', '.join(bare)}")
    return found


def _component(name: str, version: str, marker: str | None) -> dict[str, Any]:
    purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    component: dict[str, Any] = {
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "hashes": [],
    }  # fmt: skip
    if marker is not None:
        # Only some machines or Pythons install it.
        component["properties"] = [{"name": "python:marker", "value": marker}]
    return component


def bill() -> dict[str, Any]:
    """Return the bill of materials of this checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    parts = components((ROOT / "constraints" / "runtime.txt").read_text())
    purl = f"pkg:pypi/{project['name']}@{project['version']}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": purl,
                "name": project["name"],
                "version": project["version"],
                "purl": purl,
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": parts,
        "dependencies": [{"ref": purl, "dependsOn": [part["bom-ref"] for part in parts]}],
    }


if __name__ == "__main__":
    print(json.dumps(bill(), indent=2))
