"""``python -m benchmarks.server HOST:PORT``: the web server as ``lianjian serve`` starts it, with one process.

Settings come from the environment, as always.  A request with the header ``X-Stock`` goes to a second
application on the same database, whose submissions run on the stock library (:mod:`benchmarks.stock`).
Every answer says in ``X-Seconds`` how long the server worked on it and in ``X-CPU`` how much of that on a processor.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.stock import StockEngine
from engine.cli.gunicorn_server import Server
from engine.inspection.installation import open_engine
from engine.settings import Settings
from engine.web.app import create_app


class MeasuredServer(Server):
    """One process whatever the database, no background worker, two applications."""

    def load_config(self) -> None:
        super().load_config()
        self.cfg.set("workers", 1)

    def _open(self) -> Any:
        return applications(self._settings)


def applications(settings: Settings) -> Callable[..., Iterable[bytes]]:
    """The product and, for requests that ask for it, the product on the stock library."""
    engine = open_engine(settings)
    product, stock = create_app(settings, engine), create_app(settings, StockEngine.beside(engine))

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started, cpu = time.perf_counter(), time.thread_time()

        def timed(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            headers.append(("X-Seconds", f"{time.perf_counter() - started:.6f}"))
            headers.append(("X-CPU", f"{time.thread_time() - cpu:.6f}"))
            return start_response(status, headers, *more)

        chosen = stock if "HTTP_X_STOCK" in environ else product
        return chosen(environ, timed)

    return application


if __name__ == "__main__":
    host, port = sys.argv[1].rsplit(":", 1)
    MeasuredServer(Settings.from_env(), host, int(port), threads=64).run()
