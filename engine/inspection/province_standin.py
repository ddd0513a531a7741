"""A stand-in for the provincial platform: a real HTTP server for demonstrations and tests.

It is nobody's product and imports nothing of ours: it only keeps what the connector
(:mod:`engine.inspection.province`) needs from such a platform.

* ``POST /api/publications`` with an ``Idempotency-Key`` stores a publication and answers
  201 with its receipt number; the same key again answers 200 with the same receipt, the
  same key with other content 409, incomplete content 422.
* ``GET /`` lists what was received, ``GET /api/publications`` the same as JSON.
* ``PUT /api/behaviour`` with ``{"slow": seconds, "down": n, "refuse": n, "lose_replies": n}``
  makes it misbehave: the next ``n`` submissions (-1: all) meet a 503, meet a refusal, or
  are stored but never answered.

Run it with ``python -m engine.inspection.province_standin --port 8790``.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import json
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REFUSAL = "省平台校验未通过：公示内容与登记信息不一致，请核对后重新报送。"
MAX_BODY = 2_000_000  # bytes
NOTICE = "演示用的省平台替身，收到的内容均为虚构。"


class Behaviour:
    """How the server misbehaves.  Counters say how many submissions are affected; -1 means all."""

    def __init__(self, slow: float = 0.0, down: int = 0, refuse: int = 0, lose_replies: int = 0) -> None:
        self.slow = slow
        self._left = {"down": down, "refuse": refuse, "lose_replies": lose_replies}
        self._lock = threading.Lock()

    def update(self, wanted: dict[str, Any]) -> None:
        with self._lock:
            self.slow = float(wanted.get("slow", self.slow))
            self._left.update({name: int(wanted[name]) for name in self._left if name in wanted})

    def strikes(self, name: str) -> bool:
        """True when this submission is affected; uses one up."""
        with self._lock:
            left = self._left[name]
            if left > 0:
                self._left[name] = left - 1
            return left != 0


class Register:
    """What was received, in a small SQLite file; one row per idempotency key."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        with closing(self._open()) as connection, connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS received (number INTEGER PRIMARY KEY AUTOINCREMENT,"
                " key TEXT UNIQUE NOT NULL, digest TEXT NOT NULL, receipt TEXT NOT NULL,"
                " received_at TEXT NOT NULL, body TEXT NOT NULL,"
                " requests INTEGER NOT NULL DEFAULT 1)"
            )

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30)
        connection.row_factory = sqlite3.Row
        return connection

    def store(self, key: str, body: str) -> tuple[bool, sqlite3.Row | None]:
        """(is it new, its row); no row when the key is taken by other content."""
        digest = hashlib.sha256(body.encode()).hexdigest()
        with closing(self._open()) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT * FROM received WHERE key = ?", (key,)).fetchone()
            if row is not None and row["digest"] != digest:
                return False, None
            if row is not None:
                connection.execute("UPDATE received SET requests = requests + 1 WHERE key = ?", (key,))
                return False, row
            now = datetime.now(UTC)
            last = connection.execute("SELECT coalesce(max(number), 0) FROM received").fetchone()[0]
            connection.execute(
                "INSERT INTO received (key, digest, receipt, received_at, body) VALUES (?, ?, ?, ?, ?)",
                (key, digest, f"SD-{now.year}-{last + 1:08d}", now.isoformat(timespec="seconds"), body),
            )
            return True, connection.execute("SELECT * FROM received WHERE key = ?", (key,)).fetchone()

    def rows(self) -> list[dict[str, Any]]:
        """Everything received, newest first."""
        with closing(self._open()) as connection:
            found = connection.execute("SELECT * FROM received ORDER BY number DESC").fetchall()
        return [
            {name: row[name] for name in ("key", "receipt", "received_at", "requests")}
            | {"publication": json.loads(row["body"])}
            for row in found
        ]


def problems(body: Any) -> list[str]:
    """Why a submission cannot be accepted; empty when it can."""
    if not isinstance(body, dict):
        return ["报送内容不是 JSON 对象"]
    found = [f"缺少字段“{name}”" for name in ("subject", "department", "district") if not body.get(name)]
    if body.get("kind") not in {"plan", "result", "penalty", "special", "abnormal", "serious"}:
        found.append("字段“kind”应为 plan、result、penalty、special、abnormal 或 serious")
    if not isinstance(body.get("content"), dict) or not body["content"]:
        found.append("字段“content”为空")
    return found


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/":
            self._send(200, page(self.server.register.rows()).encode(), "text/html; charset=utf-8")
        elif self.path == "/api/publications":
            self._json(200, {"received": self.server.register.rows()})
        else:
            self._json(404, {"code": "not_found", "message": "没有这个地址"})

    def do_PUT(self) -> None:
        body = self._body()
        if self.path != "/api/behaviour" or not isinstance(body, dict):
            self._json(404, {"code": "not_found", "message": "没有这个地址"})
            return
        self.server.behaviour.update(body)
        self._json(200, {"message": "已设置"})

    def do_POST(self) -> None:
        body = self._body()
        key = self.headers.get("Idempotency-Key", "")
        behaviour = self.server.behaviour
        if self.path != "/api/publications":
            self._json(404, {"code": "not_found", "message": "没有这个地址"})
            return
        if behaviour.slow:
            time.sleep(behaviour.slow)
        if behaviour.strikes("down"):
            self._json(503, {"code": "busy", "message": "省平台正在维护"})
            return
        wrong = problems(body) + ([] if key else ["缺少请求头 Idempotency-Key"])
        if wrong:
            self._json(422, {"code": "invalid", "message": "；".join(wrong) + "。"})
            return
        if behaviour.strikes("refuse"):
            self._json(422, {"code": "refused", "message": REFUSAL})
            return
        new, row = self.server.register.store(key, json.dumps(body, ensure_ascii=False, sort_keys=True))
        if row is None:
            self._json(409, {"code": "key_reused", "message": "同一编号已报送过不同的内容，请以更正方式报送。"})
        elif behaviour.strikes("lose_replies"):
            self.close_connection = True  # stored, and not a byte goes back
        else:
            self._json(201 if new else 200, {"receipt": row["receipt"], "received_at": row["received_at"]})

    def _body(self) -> Any:
        size = int(self.headers.get("Content-Length") or 0)
        if size > MAX_BODY:
            self.close_connection = True
            return None
        try:
            return json.loads(self.rfile.read(size))
        except ValueError:
            return None

    def _json(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value, ensure_ascii=False).encode(), "application/json; charset=utf-8")

    def _send(self, status: int, content: bytes, media_type: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:
            self.close_connection = True  # the caller gave up waiting; what was stored stays stored

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are in the register; the console stays free for the server that is being shown."""


class Server(ThreadingHTTPServer):
    """The platform on ``host:port`` (port 0 picks a free one); :attr:`url` says where."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, path: Path, host: str = "127.0.0.1", port: int = 0, behaviour: Behaviour | None = None) -> None:
        self.register = Register(path)
        self.behaviour = behaviour or Behaviour()
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> Server:
        """Serve from a thread of its own until :meth:`stop` or the end of the process."""
        threading.Thread(target=self.serve_forever, args=(0.05,), name="province-standin", daemon=True).start()
        return self

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


def page(rows: list[dict[str, Any]]) -> str:
    """What was received, as a plain page."""
    cells = "".join(
        "<tr>"
        + "".join(
            f"<td>{html.escape(str(text))}</td>"
            for text in (
                row["receipt"], row["received_at"], row["publication"]["kind"], row["publication"]["department"],
                row["publication"]["subject"], row["requests"],
            )
        )
        + "</tr>"
        for row in rows
    )  # fmt: skip
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>省平台（演示）</title>'
        "<style>body{font:14px system-ui;margin:2rem}td,th{border:1px solid #ccc;padding:4px 8px;text-align:left}"
        "table{border-collapse:collapse}</style>"
        f"<h1>省平台（演示）：已收到 {len(rows)} 条公示</h1><p>{NOTICE}</p>"
        "<table><tr><th>回执号</th><th>接收时间</th><th>类别</th><th>部门</th><th>对象</th><th>报送次数</th></tr>"
        f"{cells}</table></html>"
    )


def spawn(path: Path) -> tuple[subprocess.Popen[str], str]:
    """Run the platform as a process that ends with this one, even after ``kill -9``; returns it and its URL."""
    command = [sys.executable, __file__, "--port", "0", "--file", str(path), "--with-parent"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    _, _, url = process.stdout.readline().strip().partition("：")
    if not url:
        raise OSError(f"省平台替身没有启动（退出码 {process.wait()}）")
    return process, url


def _end_with_stdin(server: Server) -> None:
    sys.stdin.read()
    server.shutdown()


def main(arguments: list[str] | None = None) -> None:
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    parser = argparse.ArgumentParser(prog="python -m engine.inspection.province_standin", description=NOTICE)
    parser.add_argument("--host", default="127.0.0.1", help="监听地址，默认只接受本机访问")
    parser.add_argument("--port", type=int, default=8790, help="端口，0 表示任选一个空闲端口")
    parser.add_argument("--file", type=Path, default=Path("var/province.db"), help="保存所收内容的文件")
    parser.add_argument("--slow", type=float, default=0.0, metavar="秒", help="每次报送前等待的秒数")
    parser.add_argument("--down", type=int, default=0, metavar="次", help="前几次报送返回 503，-1 表示一直如此")
    parser.add_argument("--refuse", type=int, default=0, metavar="次", help="前几次报送被拒收，-1 表示一直如此")
    parser.add_argument(
        "--lose-replies", type=int, default=0, metavar="次", help="前几次报送收下但不答复，-1 表示一直如此"
    )
    parser.add_argument("--with-parent", action="store_true", help="标准输入关闭（启动它的进程结束）时一同结束")
    options = parser.parse_args(arguments)
    behaviour = Behaviour(options.slow, options.down, options.refuse, options.lose_replies)
    server = Server(options.file, options.host, options.port, behaviour)
    print(f"省平台替身：{server.url}", flush=True)
    if options.with_parent:
        threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
