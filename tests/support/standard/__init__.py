"""Small models on either side of the standard's constraints; ``LAWFUL`` and ``FORBIDDEN`` hold them all.

``UNSUPPORTED`` names lawful ones that cannot be run here.
"""

from tests.support.standard import (
    activities,
    data,
    elsewhere,
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
from tests.support.standard.elsewhere import UNSUPPORTED

__all__ = [
    "FORBIDDEN",
    "LAWFUL",
    "UNSUPPORTED",
    "activities",
    "data",
    "elsewhere",
    "events",
    "flows",
    "messages",
    "pools",
    "practice",
    "processes",
    "references",
    "triggers",
]
