"""Executions kept in memory between two commands, so that the next step need not restore them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from engine.bpmn.execution import Rested

#: So many are kept, and so many bytes of snapshots; one in memory takes about nine times its snapshot.
MOST, MOST_BYTES = 512, 10 * 1024 * 1024


class RestedExecutions:
    """The executions that were stepped last, by instance.

    One is taken out before it moves and put back only when what it became is committed: a step that
    failed leaves nothing here.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Rested] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def take(self, instance_id: str) -> Rested | None:
        """The execution, which from now on belongs to the caller alone."""
        with self._lock:
            return self._taken(instance_id)

    def keep(self, rested: Mapping[str, Rested]) -> None:
        """Keep what a committed command left behind; those not asked for longest make room."""
        with self._lock:
            for instance_id, execution in rested.items():
                self._taken(instance_id)
                self._kept[instance_id] = execution
                self._bytes += len(execution.state)
            while len(self._kept) > MOST or self._bytes > MOST_BYTES:
                self._taken(next(iter(self._kept)))

    def _taken(self, instance_id: str) -> Rested | None:
        found = self._kept.pop(instance_id, None)
        if found is not None:
            self._bytes -= len(found.state)
        return found
