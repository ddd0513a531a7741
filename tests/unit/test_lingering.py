"""The server's threads wait a moment for the next request: many browsers, pipelined requests, a stop, limits."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

#: A server with two threads, so that one seat is there for lingering.
PROGRAM = """
import sys
from gunicorn.app.base import BaseApplication
from engine.cli.lingering import LingeringWorker

def application(environ, start_response):
    body = environ["wsgi.input"].read() + environ["PATH_INFO"].encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]

class Program(BaseApplication):
    def load_config(self):
        for name, value in {"bind": sys.argv[1], "worker_class": LingeringWorker, "threads": 2, "keepalive": 5,
                            "loglevel": "error", "control_socket_disable": True}.items():
            self.cfg.set(name, value)
    def load(self):
        return application

Program().run()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, address], cwd=Path(__file__).parents[2])
    try:
        wait_until(lambda: _answers(address), what="an answer of the server")
        yield address, program
    finally:
        program.kill()
        program.wait()


def _answers(address: str) -> bool:
    try:
        return ask(http.client.HTTPConnection(address, timeout=5), "/") == b"/"
    except OSError:
        return False


def ask(connection: http.client.HTTPConnection, path: str, body: bytes = b"") -> bytes:
    connection.request("POST", path, body)
    return connection.getresponse().read()


def test_one_connection_carries_one_request_after_the_other(server: tuple[str, object]) -> None:
    connection = http.client.HTTPConnection(server[0], timeout=20)
    assert [ask(connection, f"/{n}", b"x" * n) for n in range(50)] == [b"x" * n + b"/%d" % n for n in range(50)]
    connection.close()


def test_more_browsers_than_threads_are_all_answered(server: tuple[str, object]) -> None:
    connections = [http.client.HTTPConnection(server[0], timeout=20) for _ in range(12)]

    def browse(number: int) -> list[bytes]:
        return [ask(connections[number], f"/{number}/{turn}") for turn in range(6)]

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(browse, range(12)))
    assert found == [[b"/%d/%d" % (number, turn) for turn in range(6)] for number in range(12)]
    for connection in connections:
        connection.close()


def test_requests_sent_together_are_answered_in_their_order(server: tuple[str, object]) -> None:
    host, port = server[0].split(":")
    with socket.create_connection((host, int(port)), timeout=20) as plain:
        plain.sendall(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(5)))
        answer = b""
        while answer.count(b"HTTP/1.1 200") < 5 or not answer.endswith(b"/4"):
            answer += plain.recv(65536)
    assert [answer.find(b"\r\n\r\n/%d" % n) for n in range(5)] == sorted(
        answer.find(b"\r\n\r\n/%d" % n) for n in range(5)
    )


def test_a_stop_ends_it_although_browsers_keep_their_connections(server: tuple[str, subprocess.Popen[bytes]]) -> None:
    address, program = server
    connections = [http.client.HTTPConnection(address, timeout=20) for _ in range(3)]
    for connection in connections:
        assert ask(connection, "/before") == b"/before"
    os.kill(program.pid, signal.SIGTERM)
    assert program.wait(30) == 0
