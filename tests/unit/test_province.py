"""The connector against the stand-in: a real HTTP server that can be slow, down, refuse or lose its reply."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.errors import LianjianError, OutsideRefused, OutsideUnavailable
from engine.inspection.province import Province
from engine.inspection.province_standin import REFUSAL, Server, spawn

PUBLICATION: dict[str, Any] = {
    "district": "370105", "department": "SCJG", "kind": "result", "subject": "SCJG-2026-0001/0001/SCJG",
    "content": {"检查对象": "济南某某商贸有限公司（虚构）", "检查结果": "未发现问题"}, "published_at": None,
}  # fmt: skip


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "province.db").start()
    yield server
    server.stop()


def test_a_publication_is_received_once_and_answered_with_a_receipt(platform: Server) -> None:
    receipt = Province(platform.url).push(PUBLICATION, "push-publication:1")
    assert receipt.number.endswith("-00000001")
    assert receipt.received_at is not None
    assert receipt.received_at.tzinfo is not None
    (row,) = platform.register.rows()
    assert row["publication"] == PUBLICATION


def test_the_same_key_brings_the_same_receipt_and_no_second_record(platform: Server) -> None:
    province = Province(platform.url)
    first = province.push(PUBLICATION, "push-publication:1")
    assert province.push(PUBLICATION, "push-publication:1") == first
    other = province.push(PUBLICATION, "push-publication:2")
    assert other.number != first.number
    assert [row["requests"] for row in platform.register.rows()] == [1, 2]


def test_the_same_key_with_other_content_is_refused(platform: Server) -> None:
    province = Province(platform.url)
    province.push(PUBLICATION, "push-publication:1")
    with pytest.raises(OutsideRefused, match="同一编号已报送过不同的内容"):
        province.push({**PUBLICATION, "content": {"检查结果": "发现问题"}}, "push-publication:1")


def test_a_refusal_carries_the_platforms_own_words(platform: Server) -> None:
    platform.behaviour.update({"refuse": 1})
    with pytest.raises(OutsideRefused) as refused:
        Province(platform.url).push(PUBLICATION, "push-publication:1")
    assert refused.value.message == f"省平台拒收：{REFUSAL}"
    assert platform.register.rows() == []


def test_incomplete_content_is_refused_with_every_reason(platform: Server) -> None:
    with pytest.raises(OutsideRefused) as refused:
        Province(platform.url).push({"kind": "other"}, "push-publication:1")
    for name in ("subject", "department", "district", "kind", "content"):
        assert name in refused.value.message


def test_a_platform_that_is_down_is_worth_another_call(platform: Server) -> None:
    platform.behaviour.update({"down": 1})
    province = Province(platform.url)
    with pytest.raises(OutsideUnavailable, match="省平台正在维护"):
        province.push(PUBLICATION, "push-publication:1")
    assert province.push(PUBLICATION, "push-publication:1").number


def test_a_lost_reply_is_unknown_and_the_next_call_brings_the_receipt_of_the_first(platform: Server) -> None:
    platform.behaviour.update({"lose_replies": 1})
    province = Province(platform.url)
    with pytest.raises(OutsideUnavailable, match="无法连接省平台"):
        province.push(PUBLICATION, "push-publication:1")
    (stored,) = platform.register.rows()
    assert province.push(PUBLICATION, "push-publication:1").number == stored["receipt"]
    assert len(platform.register.rows()) == 1


def test_a_platform_slower_than_our_patience_is_worth_another_call(platform: Server) -> None:
    platform.behaviour.update({"slow": 1.5})
    with pytest.raises(OutsideUnavailable, match=r"0\.2 秒内没有答复"):
        Province(platform.url, timeout=0.2).push(PUBLICATION, "push-publication:1")


def test_nobody_listening_is_worth_another_call() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(OutsideUnavailable, match="无法连接省平台"):
        Province(url).push(PUBLICATION, "push-publication:1")


@pytest.mark.parametrize("url", ["not an address", "ftp://example.invalid", "http://:bad"])
def test_a_wrong_address_names_the_setting(url: str) -> None:
    with pytest.raises(LianjianError, match="LIANJIAN_PROVINCE_URL"):
        Province(url).push(PUBLICATION, "push-publication:1")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b"thanks", OutsideUnavailable),
        (200, b"[]", OutsideUnavailable),
        (429, b'{"message": "slow down"}', OutsideUnavailable),
        (502, b"<html>Bad Gateway</html>", OutsideUnavailable),
        (401, b"", OutsideRefused),
        (404, b"<html>not here</html>", OutsideRefused),
    ],
)
def test_strange_answers_are_told_apart(status: int, body: bytes, expected: type[Exception]) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(expected) as caught:
            Province(f"http://127.0.0.1:{server.server_address[1]}").push(PUBLICATION, "push-publication:1")
        thread.join()
    assert type(caught.value) is expected


def test_the_page_lists_what_was_received_without_running_its_markup(platform: Server) -> None:
    Province(platform.url).push({**PUBLICATION, "subject": "<script>alert(1)</script>"}, "push-publication:1")
    page = httpx.get(platform.url, trust_env=False).text
    assert "已收到 1 条公示" in page
    assert "<script>" not in page


def test_it_runs_as_a_program_of_its_own_and_keeps_its_records(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "engine.inspection.province_standin",
        "--port",
        "0",
        "--file",
        str(tmp_path / "p.db"),
    ]
    with subprocess.Popen([*command, "--lose-replies", "1"], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        url = first.stdout.readline().strip().split("：")[1]
        with pytest.raises(OutsideUnavailable):
            Province(url).push(PUBLICATION, "push-publication:1")
        first.kill()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second:
        assert second.stdout is not None
        url = second.stdout.readline().strip().split("：")[1]
        Province(url).push(PUBLICATION, "push-publication:1")
        received = json.loads(httpx.get(f"{url}/api/publications", trust_env=False).text)["received"]
        second.kill()
    assert [row["requests"] for row in received] == [2]


def test_the_platform_of_a_demo_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    process, url = spawn(tmp_path / "p.db")
    assert Province(url).push(PUBLICATION, "push-publication:1").number
    assert process.stdin is not None
    process.stdin.close()  # what the operating system does when the starter is killed
    assert process.wait(timeout=30) == 0
    assert process.stdout is not None
    process.stdout.close()
