"""Transactions as BPMN says: finished, cancelled with everything undone, or left by an error."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.bpmn_runs import (
    Run,
    both,
    boundary,
    chain,
    codes,
    error,
    finish,
    message,
    par,
    refusals,
    sub,
    terminate,
    throw,
    timer,
    times,
    xor,
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, start, user
from tests.support.scope_models import CANCEL, compensate, handler, transaction, undone

ZERO = {"undone": 0}
#: Two tasks, then fine, cancelled or broken, as the third says.
DEAL = (
    start("begin_in")
    + user("a")
    + user("b")
    + user("c")
    + xor("g")
    + finish("e_in")
    + finish("cancelled", CANCEL)
    + finish("broken", error("E1"))
    + chain("begin_in a b c g")
    + flow("g", "e_in", "c.how = 'fine'")
    + flow("g", "cancelled", "c.how = 'cancel'")
    + flow("g", "broken", "c.how = 'break'")
)


def dealing(inner: str, more: str = "", loop: str = "") -> str:
    body = start() + transaction("deal", loop + inner)
    body += boundary("back_out", "deal", CANCEL) + boundary("oops", "deal", error("E1")) + user("after") + user("other")
    body += user("repair") + end() + finish("e_out") + finish("e_oops")
    return body + chain("begin deal after finish; back_out other e_out; oops repair e_oops") + more


def deal(how: str, *then: str) -> Callable[[Run], None]:
    def story(run: Run) -> None:
        for task in ("a", "b"):
            run.complete(task, {"v": task})
        run.complete("c", {"how": how})
        for task in then:
            run.complete(task)

    return story


def test_a_transaction_that_succeeds_is_a_block() -> None:
    run = both(dealing(DEAL + undone("a", "b")), deal("fine", "after"), ZERO, more=codes("E1"))
    assert run.trace == "deal a b c e_in after finish" and run.data["undone"] == 0


def test_cancelling_undoes_the_last_first_and_leaves_by_the_cancel_boundary() -> None:
    run = both(dealing(DEAL + undone("a", "b")), deal("cancel", "other"), ZERO, more=codes("E1"))
    assert run.trace == "deal a b c cancelled undo_b un_b undo_a un_a back_out other e_out"
    assert run.data["undone"] == 2 and run.data["a"] == {"v": "a"}, "what was submitted inside is not lost"


def test_cancelling_with_nothing_to_undo_leaves_at_once() -> None:
    assert both(dealing(DEAL), deal("cancel", "other"), more=codes("E1")).trace == (
        "deal a b c cancelled back_out other e_out"
    )


def test_a_cancel_end_may_throw_something_else_too() -> None:
    inner = DEAL.replace(CANCEL, message("go") + CANCEL) + undone("a")
    run = both(dealing(inner), deal("cancel", "other"), ZERO, messages="go", more=codes("E1"))
    assert run.trace == "deal a b c cancelled undo_a un_a back_out other e_out"
    assert [name for name, *_ in run.host.sent] == ["go"]


def test_an_error_out_of_a_transaction_undoes_nothing_by_itself() -> None:
    run = both(dealing(DEAL + undone("a", "b")), deal("break", "repair"), ZERO, more=codes("E1"))
    assert run.trace == "deal a b c broken oops repair e_oops" and run.data["undone"] == 0


def test_people_undo_while_everything_else_in_the_transaction_has_ended() -> None:
    inner = start("begin_in") + par("g1") + user("a") + user("beside") + user("c") + finish("cancelled", CANCEL)
    inner += sub("block", start("begin_d") + user("deep") + finish("e_d") + chain("begin_d deep e_d"))
    inner += finish("e_1") + finish("e_2") + finish("e_3")
    inner += chain("begin_in g1 a e_1; g1 beside e_2; g1 block e_3; g1 c cancelled")
    inner += handler("h", message("go"), interrupting=False) + undone("a", by=user("un_a"))

    def story(run: Run) -> None:
        run.complete("a")
        run.message("go")
        assert run.open == "beside c deep h_fix" and run.waiting == "h_go"
        run.complete("c")
        assert run.open == "un_a" and run.waiting == ""
        run.complete("un_a", {"v": 1})
        run.complete("other")

    run = both(dealing(inner), story, messages="go", more=codes("E1"))
    assert run.ended and run.data["un_a"] == {"v": 1}


def test_blocks_inside_are_undone_through_what_is_in_them() -> None:
    deep = start("begin_d") + user("a") + finish("e_d") + chain("begin_d a e_d") + undone("a")
    inner = start("begin_in") + sub("block", deep) + user("c") + finish("cancelled", CANCEL)
    inner += chain("begin_in block c cancelled")

    def story(run: Run) -> None:
        run.complete("a")
        run.complete("c")
        run.complete("other")

    run = both(dealing(inner), story, ZERO, more=codes("E1"))
    assert run.trace == "deal block a e_d c cancelled undo_a un_a back_out other e_out"


def test_a_finished_transaction_is_undone_like_any_block() -> None:
    body = start() + transaction("deal", DEAL + undone("a", "b")) + boundary("back_out", "deal", CANCEL) + end()
    body += boundary("oops", "deal", error("E1")) + finish("e_out") + finish("e_oops") + throw("back", compensate())
    body += chain("begin deal back finish; back_out e_out; oops e_oops")
    run = both(body, deal("fine"), ZERO, more=codes("E1"))
    assert run.trace == "deal a b c e_in back undo_b un_b undo_a un_a finish"


def test_a_transaction_tried_again_undoes_only_what_the_last_try_did() -> None:
    body = start() + xor("g1") + transaction("deal", DEAL + undone("a")) + boundary("back_out", "deal", CANCEL)
    body += boundary("oops", "deal", error("E1")) + finish("e_oops") + end()
    body += chain("begin g1 deal finish; back_out g1; oops e_oops")

    def story(run: Run) -> None:
        deal("cancel")(run)
        assert run.data["undone"] == 1
        deal("cancel")(run)
        assert run.data["undone"] == 2
        deal("fine")(run)

    run = both(body, story, ZERO, more=codes("E1"))
    assert run.ended and run.trace.count("undo_a") == 2


@pytest.mark.parametrize("sequential", [True, False])
def test_cancelling_one_instance_leaves_them_all(sequential: bool) -> None:
    inner = DEAL + undone("a", by=user("un_a"))

    def story(run: Run) -> None:
        deal("cancel")(run)
        assert "un_a" in run.open
        run.complete("un_a")
        assert run.open == "other"
        run.complete("other")

    run = both(dealing(inner, loop=times("2", sequential=sequential)), story, more=codes("E1"))
    assert run.trace.endswith("cancelled undo_a un_a back_out other e_out")


def test_terminating_or_interrupting_a_transaction_undoes_nothing() -> None:
    inner = start("begin_in") + user("a") + user("c") + terminate("dead") + chain("begin_in a c dead") + undone("a")
    body = start() + transaction("deal", inner) + boundary("late", "deal", timer("PT1H")) + end() + finish("e_late")
    body += chain("begin deal finish; late e_late")

    def finished(run: Run) -> None:
        run.complete("a")
        run.complete("c")

    def interrupted(run: Run) -> None:
        run.complete("a")
        run.later(hours=1)

    assert both(body, finished, ZERO).trace == "deal a c dead finish"
    assert both(body, interrupted, ZERO).trace == "deal a late e_late"


def test_wrong_cancelling_is_refused_by_name() -> None:
    plain = start("begin_in") + finish("cancelled", CANCEL) + chain("begin_in cancelled")
    ends = end() + chain("begin deal finish")
    leave = boundary("back_out", "deal", CANCEL) + finish("e_out") + chain("back_out e_out")
    wrong = {
        "transaction-cancel": start() + transaction("deal", plain) + ends,
        "event-triggers": start() + sub("deal", plain) + ends + leave,
    }
    for rule, body in wrong.items():
        assert rule in refusals(diagram(body)), rule
    assert not refusals(diagram(start() + transaction("deal", plain) + ends + leave))
