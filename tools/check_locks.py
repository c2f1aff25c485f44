"""Checks that the locks hold what pyproject.toml asks for, agree with each other and name no address."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import tomli
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
ADVICE = "Run `make lock` and commit both locks."


def main() -> int:
    """Print what is wrong and return the exit status."""
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    complaints = [
        *unmet(project["project"]["dependencies"], runtime, "requirements.lock"),
        *unmet(project["dependency-groups"]["dev"], runtime | dev, "requirements-dev.lock"),
        *disagreements(runtime, dev),
        *malformed("requirements.lock"),
        *malformed("requirements-dev.lock"),
    ]
    print(*complaints, sep="\n")
    print(f"{len(runtime)} packages to run, {len(dev)} to develop.", ADVICE if complaints else "")
    return 1 if complaints else 0


def locked(lock: str) -> dict[str, str]:
    """The version that a lock names for each package."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = re.findall(r"^([\w.-]+)==(\S+)", text, flags=re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pins}


def unmet(wanted: list[str], have: dict[str, str], lock: str) -> Iterator[str]:
    for requirement in map(Requirement, wanted):
        version = have.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield f"pyproject.toml asks for {requirement}; {lock} has {version or 'no version of it'}."


def disagreements(runtime: dict[str, str], dev: dict[str, str]) -> Iterator[str]:
    for name in sorted(runtime.keys() & dev.keys()):
        if runtime[name] != dev[name]:
            yield f"{name} is {runtime[name]} in requirements.lock and {dev[name]} in requirements-dev.lock."


def malformed(lock: str) -> Iterator[str]:
    """Name the lines that hold an address or an option, and the packages without a hash."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if "://" in line or line.startswith("-"):
            yield f"{lock}:{number} names an address or an option; a lock holds names, versions and hashes."
    for package in re.split(r"\n(?=\w)", text):
        if "--hash=" not in package:
            yield f"{lock}: no hash for {package.splitlines()[0]}."


if __name__ == "__main__":
    sys.exit(main())
