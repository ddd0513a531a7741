"""The list of initial passwords: one file, readable by the operator alone."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from engine.errors import InvalidInput
from engine.inspection.registry_import.report import inert


def refuse_existing(path: Path) -> None:
    """Raises :class:`InvalidInput`: an earlier list may be the only copy of passwords not handed out yet."""
    if path.exists():
        raise InvalidInput(f"密码清单 {path} 已存在，不会覆盖。请用 --passwords 另给一个文件名，或先移走原来的清单。")


def write_passwords(path: Path, rows: Iterable[tuple[str, str, str, str]]) -> None:
    """Write login, name, department and password a line, mode 0600, and wait until it is on the disk.

    Raises :class:`InvalidInput` when the file exists or cannot be written; nothing is left then.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        refuse_existing(path)
        raise
    except OSError as error:
        raise InvalidInput(f"密码清单 {path} 无法写入（{error.strerror}），账号没有导入。请检查路径和权限。") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["登录名", "姓名", "部门编码", "初始密码"])
            writer.writerows([inert(cell) for cell in row] for row in rows)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise
