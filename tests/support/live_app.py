"""The web application behind a real HTTP server in a thread, for tests in which several people act at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from werkzeug.serving import make_server

from engine.process_engine import ProcessEngine
from engine.web.app import create_app

T = TypeVar("T")


@contextmanager
def served(engine: ProcessEngine) -> Iterator[str]:
    """Serve ``engine`` with a thread a request; gives the address."""
    server = make_server("127.0.0.1", 0, create_app(engine.settings, engine), threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="live-app")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def at_once(*actions: Callable[[], T]) -> list[T]:
    """Run the actions in threads that start together; results in order, the first exception raised."""
    barrier = threading.Barrier(len(actions))
    results: list[T | BaseException] = [RuntimeError("did not run")] * len(actions)

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = actions[number]()
        except BaseException as problem:
            results[number] = problem

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done: list[T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done
