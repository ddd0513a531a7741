"""What list pages share: the day, where in a list the reader stands, and running one small command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from engine.commands.context import Command
from engine.errors import InvalidInput, LianjianError
from engine.web.context import actor, engine, now
from engine.web.task_lookup import is_id


def today() -> date:
    """The day in the district."""
    return now().date()


@dataclass(frozen=True, slots=True)
class Paged:
    """One page of a counted list, for the ``pagination`` macro; ``number`` counts from 1."""

    number: int
    total: int
    size: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def offset(self) -> int:
        """Rows before the page."""
        return (self.number - 1) * self.size


def paged(total: int, size: int) -> Paged:
    """The page that the address asks for; beyond the last it is the last, what is no number the first."""
    asked = request.args.get("page", "1")
    number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 10 else 1
    return Paged(min(number, Paged(1, total, size).pages), total, size)


def cursor() -> str:
    """The id after which the list goes on; empty at its beginning, or when an address was tampered with."""
    after = request.args.get("after", "")
    return after if is_id(after) else ""


def do(command: Command[None], done: str, back: str) -> ResponseReturnValue:
    """Run a command of a list's page and go ``back``; what became of it is said there."""
    try:
        engine().execute(command, actor=actor())
        flash(done, "success")
    except InvalidInput as error:
        flash("".join(text for texts in error.fields.values() for text in texts) or error.message, "error")
    except LianjianError as error:
        flash(error.message, "error")
    return redirect(back, 303)
