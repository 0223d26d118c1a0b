"""The real kustomize, through the Go module proxy, and what it makes of our folders."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

MODULE = "sigs.k8s.io/kustomize/kustomize/v5@v5.3.0"
"""The last release that the Go of Debian 12 can build."""
K8S = Path(__file__).parents[1] / "deploy" / "k8s"
Document = dict[str, Any]
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


def missing() -> str | None:
    """Why it cannot run here, and what to do about it."""
    if kustomize() is not None:
        return None
    if shutil.which("go") is None:
        return "there is no kustomize, and no Go to build it: apt-get install golang-go"
    return f"Go could not build it; see: go install {MODULE}"


def documents_of(folder: str) -> list[Document]:
    """What an operator applies from a folder of deploy/k8s."""
    return [document for document in yaml.safe_load_all(render(K8S / folder)) if document]


def of_kind(documents: list[Document], *kinds: str) -> Iterator[Document]:
    """Those of some kinds, in their order."""
    return (document for document in documents if document["kind"] in kinds)


@cache
def render(folder: Path) -> str:
    """The documents of one overlay, as `kubectl apply -k` would send them."""
    program = kustomize()
    assert program is not None, "kustomize is missing"
    done = subprocess.run([program, "build", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
