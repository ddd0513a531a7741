"""Wait for what another thread or process does, without guessing how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout: float = 60.0, what: str = "") -> T:
    """Return ``condition()`` as soon as it is true; fail naming ``what`` when ``timeout`` seconds bring nothing."""
    end = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout:g} s in vain for {what or condition!r}; last seen: {found!r}")
        time.sleep(0.05)
