"""Small models on either side of the standard's constraints; ``LAWFUL`` and ``FORBIDDEN`` hold them all."""

from tests.support.standard import (
    activities,
    data,
    events,
    flows,
    messages,
    pools,
    practice,
    processes,
    references,
    triggers,
)
from tests.support.standard.core import FORBIDDEN, LAWFUL

__all__ = [
    "FORBIDDEN",
    "LAWFUL",
    "activities",
    "data",
    "events",
    "flows",
    "messages",
    "pools",
    "practice",
    "processes",
    "references",
    "triggers",
]
