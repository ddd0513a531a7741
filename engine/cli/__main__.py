"""``python -m engine.cli``: the command where no console script is installed."""

from engine.cli import main

main()
