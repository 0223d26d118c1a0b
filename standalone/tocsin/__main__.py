"""`python -m tocsin` is the `tocsin` script."""

from tocsin.cli import main

main()
