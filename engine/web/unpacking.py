"""An uploaded ZIP as the files it holds, within bounds."""

from __future__ import annotations

import io
import zipfile
import zlib

MAX_BYTES = 16 * 1024 * 1024  # of all files, unpacked; the sandbox takes no more either


def unpack(data: bytes, most: int) -> list[tuple[str, bytes]]:
    """Names and contents of the files, folders left out.

    Raises ValueError with a Chinese reason for what is no plain ZIP, holds more than ``most`` files or is too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = [entry for entry in package.infolist() if not entry.is_dir()]
            if len(entries) > most or sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise ValueError(f"压缩包里最多 {most} 个文件，解开后合计最多 {MAX_BYTES // 1024**2} MB。")
            # No more is unpacked of an entry than the size it states.
            return [(entry.filename, package.read(entry)) for entry in entries]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError):
        raise ValueError("不是可以解开的 ZIP 文件；加密的请先解密，再选择其中的文件上传。") from None
