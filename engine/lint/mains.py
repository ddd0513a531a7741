"""Which processes of some files are started for themselves, and how each looks alone.

A deployment runs one process (with those it calls); a trial run takes files as other tools write
them, with several, and without what only the installation has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from engine.bpmn.normal_form import referenced
from engine.bpmn.xml import executable_processes, read_xml
from engine.errors import ModelRefused
from engine.lint.model import local, q, text_of


@dataclass(frozen=True)
class Main:
    """A process that nobody calls, with the bundle in which it is the one that runs."""

    id: str
    name: str
    direct: bool  # it is simply started; otherwise an event has to occur
    files: dict[str, str] = field(repr=False)
    throws: frozenset[str] = frozenset()  # names of signals
    hears: frozenset[str] = frozenset()  # those its own steps wait for


def mains(files: Mapping[str, str]) -> list[Main]:
    """The processes of the files that nobody calls, in the order they are written."""
    roots = _diagrams(files)
    runnable = [(name, p) for name, root in roots for p in executable_processes(root)]
    called = {(c.get("calledElement") or "").rpartition(":")[2] for _, p in runnable for c in p.iter(q("callActivity"))}
    chosen = [p for _, p in runnable if p.get("id") not in called] or [p for _, p in runnable]
    if len(chosen) < 2:
        return [_main(p, dict(files)) for p in chosen]
    found = []
    for main in chosen:
        for _, process in runnable:
            process.set("isExecutable", "true" if process is main or process not in chosen else "false")
        texts = {name: etree.tostring(root, encoding="unicode") for name, root in roots}
        found.append(_main(main, {**files, **texts}))
    return found


def listeners_first(mains: Sequence[Main]) -> list[Main]:
    """The order to start several in: who waits for a signal before who throws it, else as they are written.

    Nobody hears a signal later; a message waits for its receiver, so it asks for no order.
    """
    rest, ordered = list(mains), []
    while rest:
        unheard = (m for m in rest if not any(m.throws & other.hears for other in rest if other is not m))
        ordered.append(next(unheard, rest[0]))
        rest.remove(ordered[-1])
    return ordered


def _main(process: etree._Element, files: dict[str, str]) -> Main:
    throws = _signals(process, "intermediateThrowEvent", "endEvent")
    hears = _signals(process, "intermediateCatchEvent", "boundaryEvent", "startEvent")
    own = frozenset(name for start in process.findall(q("startEvent")) for name in _signals_of(start))
    return Main(process.get("id", ""), process.get("name", ""), _direct(process), files, throws, hears - own)


def _signals(process: etree._Element, *tags: str) -> frozenset[str]:
    return frozenset(name for tag in tags for event in process.iter(q(tag)) for name in _signals_of(event))


def _signals_of(event: etree._Element) -> Iterator[str]:
    root = event.getroottree().getroot()
    names = {signal.get("id"): signal.get("name") or signal.get("id", "") for signal in root.iter(q("signal"))}
    for part in event:
        definition = referenced(root, text_of(part)) if local(part) == "eventDefinitionRef" else part
        if definition is not None and local(definition) == "signalEventDefinition":
            yield names.get(definition.get("signalRef", "").strip().rpartition(":")[2], "")


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
