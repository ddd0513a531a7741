"""The inbox of 200 officials over HTTP with a million open and two million finished tasks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import sqlalchemy as sa

from benchmarks.figures import Benchmark, Line, Scale, at_most
from benchmarks.inbox_rows import LOADED, OFFICIALS, load
from benchmarks.measure import percentile
from benchmarks.places import Place
from benchmarks.serving import Answer, Browser, serving
from benchmarks.system import session_tokens, settings_of
from engine.actor import Actor
from engine.db import Database
from engine.models import User

LINES = (
    Line("p95_ms", "inbox over HTTP, 1M open + 2M done tasks, p95", "ms", at_most(15), at_full_scale=True),
    Line("p50_ms", "the same, p50", "ms"),
    Line("server_p95_ms", "of this in the server, p95", "ms"),
    Line("server_p50_ms", "of this in the server, p50", "ms"),
    Line("cpu_p95_ms", "of this on a processor, p95", "ms"),
    Line("claimable_p95_ms", "待签收, p95", "ms"),
    Line("done_p95_ms", "已办, p95", "ms"),
)


def run(place: Place, scale: Scale) -> Mapping[str, float]:
    url = place.cached(f"inbox-{scale.open_tasks}-{scale.done_tasks}", LOADED, partial(load, place.scratch, scale))
    database = Database(url)
    with database.read() as session:
        people = session.scalars(sa.select(User).order_by(User.login).limit(min(OFFICIALS, scale.requests))).all()
        actors = [Actor(user.id, user.name) for user in people]
    tokens = session_tokens(database, actors)
    database.dispose()
    answers: dict[str, list[Answer]] = {"": [], "/claimable": [], "/done": []}
    with serving(settings_of(url, place.scratch)) as served:
        browsers = [Browser(served, token) for token in tokens]
        for browser in browsers[:10]:
            browser.get("/inbox")
        for number in range(scale.requests):
            for tab, found in answers.items():
                answer = browsers[number % len(browsers)].get(f"/inbox{tab}")
                if answer.status != 200 or "<tbody>" not in answer.text:
                    raise RuntimeError(f"the inbox answered {answer.status} or is empty")
                found.append(answer)
        for browser in browsers:
            browser.close()
    client = {tab: [answer.seconds * 1000 for answer in found] for tab, found in answers.items()}
    server = [answer.server_seconds * 1000 for answer in answers[""]]
    cpu = [answer.cpu * 1000 for answer in answers[""]]
    return {
        "p95_ms": percentile(client[""], 95), "p50_ms": percentile(client[""], 50),
        "server_p95_ms": percentile(server, 95), "server_p50_ms": percentile(server, 50),
        "cpu_p95_ms": percentile(cpu, 95),
        "claimable_p95_ms": percentile(client["/claimable"], 95), "done_p95_ms": percentile(client["/done"], 95),
    }  # fmt: skip


BENCHMARK = Benchmark("inbox", "the inbox over three million tasks", LINES, run)
