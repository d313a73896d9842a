import json
import re
import sys

from tests.deploy.conftest import ROOT, Run


def test_bill_names_every_pinned_package_with_its_hashes(run: Run) -> None:
    bill = json.loads(run(sys.executable, "scripts/sbom.py").stdout)
    pinned = re.findall(
        r"^([\w.-]+)==([^\s;]+)", (ROOT / "constraints/runtime.txt").read_text(), re.MULTILINE
    )
    assert pinned
    assert [(part["name"], part["version"]) for part in bill["components"]] == pinned
    hashes = (ROOT / "constraints/runtime.txt").read_text().count("--hash=sha256:")
    assert sum(len(part["hashes"]) for part in bill["components"]) == hashes
    references = [part["bom-ref"] for part in bill["components"]]
    assert len(set(references)) == len(references)
    assert bill["dependencies"][0]["dependsOn"] == references


def test_bill_says_when_a_package_is_not_for_all(run: Run) -> None:
    bill = json.loads(run(sys.executable, "scripts/sbom.py").stdout)
    marked = {
        part["name"]: part["properties"][0]["value"] for part in bill["components"] if "properties" in part
    }
    assert marked["colorama"] == "sys_platform == 'win32'"


def test_bill_is_the_same_each_time(run: Run) -> None:
    assert run(sys.executable, "scripts/sbom.py").stdout == run(sys.executable, "scripts/sbom.py").stdout
