"""Makes .venv from the pinned constraints: called by scripts/bootstrap, needs nothing but Python."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
VENV: Final = ROOT / ".venv"
PYTHON: Final = VENV / "bin" / "python"
KINDS: Final = ("runtime", "dev")
INPUTS: Final = (*(ROOT / "constraints" / f"{kind}.txt" for kind in KINDS), ROOT / "pyproject.toml")


def say(line: str) -> None:
    """Show one line of progress."""
    print(line, file=sys.stderr, flush=True)


def stamp_of(kind: str) -> Path:
    """Return the file that says what ``kind`` was installed from."""
    return VENV / f"{kind}.stamp"


def fingerprint() -> str:
    """Return a digest of all that the environment is made from, and of where it stands."""
    content = b"\0".join(path.read_bytes() for path in INPUTS) + str(ROOT).encode()
    return hashlib.sha256(content).hexdigest()


def is_installed(kind: str) -> bool:
    """Tell whether .venv holds ``kind``; what runs the tests runs the platform as well."""
    stamps = [stamp_of(each) for each in KINDS[KINDS.index(kind) :]]
    return PYTHON.exists() and any(stamp.exists() and stamp.read_text() == fingerprint() for stamp in stamps)


def run(*command: str | Path) -> None:
    """Run a command with its output on stderr; end with its exit code where it fails.

    It runs in the constraints' folder, where no file can be mistaken for a package.
    """
    done = subprocess.run(command, cwd=ROOT / "constraints", stdout=sys.stderr, check=False)  # noqa: S603  ours
    if done.returncode != 0:
        sys.exit(done.returncode)


def make_venv() -> None:
    """Make an empty .venv, unless one with a working pip of this Python's version is there."""
    probe = "import pip, sys; sys.exit(sys.version_info[:2] < (3, 11))"
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", probe], check=False).returncode == 0:  # noqa: S603  ours
        return
    if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
        sys.exit("this Python lacks venv or ensurepip: install them (Debian: apt install python3-venv)")
    say(f"making .venv with Python {sys.version.split()[0]}")
    run(sys.executable, "-m", "venv", "--clear", VENV)


def install(kind: str) -> None:
    """Install the pinned dependencies, each checked against its hash, and then this project."""
    for each in KINDS:
        stamp_of(each).unlink(missing_ok=True)
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install")
    say("installing dependencies (a minute or two the first time)")
    requirements = ROOT / "constraints" / f"{kind}.txt"
    # Most modules of these packages are never imported: what is, Python compiles then.
    run(*pip, "--require-hashes", "--prefer-binary", "--no-compile", "-r", requirements)
    run(*pip, "--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT)
    stamp_of(kind).write_text(fingerprint())
    say("the environment is ready")


def main(arguments: list[str]) -> None:
    """Bring .venv up to date for the kind named, ``runtime`` if none."""
    kind = arguments[0] if arguments else KINDS[0]
    if kind not in KINDS:
        sys.exit("usage: scripts/bootstrap [dev]")
    if is_installed(kind):
        return
    with (ROOT / ".bootstrap.lock").open("w") as lock:  # freed by the system, however its holder ends
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that installs the same")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_installed(kind):
            make_venv()
            install("dev" if stamp_of("dev").exists() else kind)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"cannot make the environment: {error}")
