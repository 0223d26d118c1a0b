"""Run by the tests: `tocsin up` with little time to stop. `up_process.py DATA_DIR PORT SECONDS`."""

import sys
from pathlib import Path

from rich.console import Console

from tocsin.hosting import run_up
from tocsin.options import UpOptions

if __name__ == "__main__":
    options = UpOptions(data_dir=Path(sys.argv[1]), port=int(sys.argv[2]), starter=False)
    run_up(options, Console(file=sys.stdout), hard_stop=float(sys.argv[3]))
