"""Which processes of some files are started for themselves, and how each looks alone.

A deployment runs one process (with those it calls); a trial run takes files as other tools write
them, with several, and without what only the installation has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine.bpmn.xml import executable_processes, read_xml
from engine.errors import ModelRefused
from engine.lint.model import local, q


@dataclass(frozen=True)
class Main:
    """A process that nobody calls, with the bundle in which it is the one that runs."""

    id: str
    name: str
    direct: bool  # it is simply started; otherwise an event has to occur
    files: dict[str, str] = field(repr=False)


def mains(files: Mapping[str, str]) -> list[Main]:
    """The processes of the files that nobody calls, in the order they are written."""
    roots = _diagrams(files)
    runnable = [(name, p) for name, root in roots for p in executable_processes(root)]
    called = {(c.get("calledElement") or "").rpartition(":")[2] for _, p in runnable for c in p.iter(q("callActivity"))}
    chosen = [p for _, p in runnable if p.get("id") not in called] or [p for _, p in runnable]
    if len(chosen) < 2:
        return [Main(p.get("id", ""), p.get("name", ""), _direct(p), dict(files)) for p in chosen]
    found = []
    for main in chosen:
        for _, process in runnable:
            process.set("isExecutable", "true" if process is main or process not in chosen else "false")
        texts = {name: etree.tostring(root, encoding="unicode") for name, root in roots}
        found.append(Main(main.get("id", ""), main.get("name", ""), _direct(main), {**files, **texts}))
    return found


def _direct(process: etree._Element) -> bool:
    starts = process.findall(q("startEvent"))
    if starts:
        triggers = ("EventDefinition", "eventDefinitionRef")
        return not all(any(local(part).endswith(triggers) for part in start) for start in starts)
    return not any((node.get("instantiate") or "").strip() in {"true", "1"} for node in process)


def _diagrams(files: Mapping[str, str]) -> list[tuple[str, etree._Element]]:
    """Diagrams that can be read; the linter says why others cannot."""
    found = []
    for name in sorted(files):
        if name.lower().endswith(".bpmn"):
            try:
                root = read_xml(files[name], name)
            except ModelRefused:
                continue
            if local(root) == "definitions":
                found.append((name, root))
    return found


def without_missing_forms(files: Mapping[str, str]) -> dict[str, str]:
    """The files with the forms that are not among them taken off the tasks: a trial run does without."""
    adapted = dict(files)
    for name, root in _diagrams(files):
        missing = [
            p for p in root.iter("{*}property")
            if p.get("name") == "form" and f"forms/{p.get('value', '').strip()}.json" not in files
        ]  # fmt: skip
        for entry in missing:
            parent = entry.getparent()
            if parent is not None:
                parent.remove(entry)
        if missing:
            adapted[name] = etree.tostring(root, encoding="unicode")
    return adapted
