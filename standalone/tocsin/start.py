"""What the `tocsin` script runs first: how the process is to be, before anything large is loaded."""

import sys
from importlib import import_module

from tocsin.huge_pages import use_huge_pages


def main() -> None:
    """Settle the memory of a process that stays, then hand over to the command line."""
    if sys.argv[1:2] == ["up"]:
        use_huge_pages()
    import_module("tocsin.cli").main()
