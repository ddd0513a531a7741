"""What a task takes over from the one before it: each name with the value it has there.

The library merges dictionaries and lists into those the task already holds.  A wait that heard of a new value
so changed what tasks beside and before it had known, which held the same dictionary, and a list kept what had
been taken out of it.  Importing this module makes a task take over values whole.
"""

from __future__ import annotations

from copy import copy

from SpiffWorkflow.task import Task


def _inherit_data(self: Task) -> None:
    data = self.data
    for name, value in self.parent.data.items():
        if name not in data or data[name] is not value:
            data[name] = copy(value) if isinstance(value, dict | list) else value


Task._inherit_data = _inherit_data
