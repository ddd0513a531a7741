"""All built-in functions, by name; importing this module registers every group."""

from __future__ import annotations

from engine.expressions import (
    functions_contexts,
    functions_dates,
    functions_lists,
    functions_numbers,
    functions_ranges,
    functions_statistics,
    functions_texts,
)
from engine.expressions.registry import BUILTINS, Builtin

__all__ = [
    "BUILTINS",
    "Builtin",
    "functions_contexts",
    "functions_dates",
    "functions_lists",
    "functions_numbers",
    "functions_ranges",
    "functions_statistics",
    "functions_texts",
]
