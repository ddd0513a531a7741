"""How much a process that handles strangers' models may take."""

from __future__ import annotations

import os
import resource
from pathlib import Path


def limit_this_process(seconds: int, memory: int) -> None:
    """Let this process take ``memory`` more bytes and ``seconds`` of work, and leave no core when it is killed."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + memory
    for name, value in ((resource.RLIMIT_AS, most), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(name, (value, value))
