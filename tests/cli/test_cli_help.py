import subprocess
import sys

import pytest
from typer.testing import CliRunner

from streams.cli.main import app
from streams.version import VERSION

COMMANDS = [
    "demo",
    "faults",
    "up",
    "sim",
    "listen massive",
    "record",
    "replay",
    "backtest",
    "watch",
    "topics create",
    "topics update",
    "topics list",
    "topics check",
    "topics read",
    "reference load",
    "reference show",
    "reference dump",
    "screeners check",
    "screeners list",
    "screeners fields",
    "wds",
    "scp",
    *(f"scp {name}" for name in ("create-admin", "create-account", "accounts", "set-password")),
    *(f"scp {name}" for name in ("set-role", "disable", "enable", "migrate")),
    "doctor",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert f"streams {command}" in result.output
    assert "Example:" in result.output


def test_help_names_every_command() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert {name for name in COMMANDS if name.split()[0] not in result.output} == set()


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"streams {VERSION}\n")


def test_help_imports_nothing_that_takes_time() -> None:
    code = (
        "import sys, streams.cli.main; "
        "print(sorted({'pydantic', 'aiokafka', 'faust', 'numpy', 'fastapi', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
