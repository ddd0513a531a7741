"""gunicorn's worker, whose threads wait a moment for the next request on the connection they have just answered.

A browser follows the answer to a form at once.  To hand the connection to the thread that watches all of
them, and back, costs more than to read that request.
"""

from __future__ import annotations

import select
import threading
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

#: Seconds a thread waits; a connection that rests longer is watched without a thread.
LINGER = 0.05


class LingeringWorker(ThreadWorker):
    """At most half of the threads linger, so that others are never kept waiting by those who rest."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._seats = threading.BoundedSemaphore(max(1, self.cfg.threads // 2))

    def handle(self, conn: Any) -> Any:
        """Answer requests for as long as the next one comes at once; returns what gunicorn's own method does."""
        while True:
            kept = super().handle(conn)
            if kept is not True or not self.alive or conn.is_http2 or not self._next_comes(conn):
                return kept

    def _next_comes(self, conn: Any) -> bool:
        if conn.parser.unreader.buf.getvalue():
            return True  # read together with the request before it
        if not self._seats.acquire(blocking=False):
            return False
        try:
            waiting = select.poll()
            waiting.register(conn.sock, select.POLLIN)
            return bool(waiting.poll(LINGER * 1000))
        finally:
            self._seats.release()
