"""The real kustomize, through the Go module proxy; without it and without Go its tests are left out."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

MODULE = "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1"
BIN = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tocsin" / "bin"


@cache
def kustomize() -> str | None:
    """The program's path, or None. Builds it once, in a minute or two, where there is Go."""
    found = shutil.which("kustomize", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")
    if found or shutil.which("go") is None:
        return found
    BIN.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["go", "install", MODULE], env={**os.environ, "GOBIN": str(BIN)}, check=False)
    return str(BIN / "kustomize") if done.returncode == 0 else None


def render(folder: Path) -> str:
    """The documents of one overlay, as `kubectl apply -k` would send them."""
    program = kustomize()
    assert program is not None, "kustomize is missing"
    done = subprocess.run([program, "build", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
