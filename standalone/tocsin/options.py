"""What `tocsin up` was told on the command line."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class UpOptions:
    """What the command line said; empty means the default."""

    data_dir: Path | None = None
    host: str = ""
    port: int = 0
    kafka: str = ""
    database: str = ""
    starter: bool = True
