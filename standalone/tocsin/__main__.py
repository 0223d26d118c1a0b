"""`python -m tocsin` is the `tocsin` script."""

from tocsin.start import main

main()
