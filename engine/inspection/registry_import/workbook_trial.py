"""Opening a workbook where it can do no harm: a kilobyte can say that it has billions of cells.

The reader of workbooks lays a sheet out in memory as large as the sheet says it is, and a process that
cannot have that memory dies.  So a process of its own, with little memory, opens a file first.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from engine.errors import InvalidInput

#: Bytes a workbook may take when it is open, everything included; a hundred thousand objects take a fifth of it.
MEMORY = 2_000_000_000
#: Seconds of processor time for opening it.
SECONDS = 60

_OPENER = Path(__file__).with_name("open_workbook.py")


def refuse_bomb(stream: IO[bytes]) -> None:
    """Raise :class:`InvalidInput` for a workbook that takes more than :data:`MEMORY` or :data:`SECONDS` to open.

    ``stream`` is left where it stood.
    """
    start = stream.tell()
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        done = subprocess.run(
            [sys.executable, str(_OPENER), str(MEMORY), str(SECONDS)],
            stdin=copy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    stream.seek(start)
    if done.returncode:
        raise InvalidInput(
            "电子表格展开后过大，无法打开：可能在很远的行、列留有内容或者文件已损坏。"
            "请只复制有数据的区域到新表格，或者另存为 CSV 后重试。"
        )
