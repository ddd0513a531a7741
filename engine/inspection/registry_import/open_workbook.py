"""A program of its own: open the workbook on standard input with ``BYTES SECONDS`` at most, and say by living or dying.

It is run by its path, not imported, so that nothing of the system is loaded before the limits hold
(:mod:`engine.inspection.registry_import.workbook_trial`).
"""

from __future__ import annotations

import resource
import sys

from python_calamine import CalamineError, CalamineWorkbook


def main(memory: int, seconds: int) -> None:
    """Read every cell; a file that is no workbook is for whoever reads it afterwards to complain about."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    try:
        book = CalamineWorkbook.from_filelike(sys.stdin.buffer)
        for name in book.sheet_names:
            for _ in book.get_sheet_by_name(name).iter_rows():
                pass
    except CalamineError:
        return


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
