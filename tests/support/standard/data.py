"""Data objects, inputs and outputs."""

from __future__ import annotations

from tests.support.bpmn_runs import looped, sub
from tests.support.standard.core import (
    INNER,
    ITEMS,
    PLAIN,
    around,
    data_in,
    data_object,
    data_out,
    forbidden,
    formal,
    io,
    lawful,
    many,
    model,
    task,
)

# -- data objects ----------------------------------------------------------------------------------

STATE = (
    '<bpmn:dataObject id="o" name="file"/><bpmn:dataObjectReference id="r" name="{}" dataObjectRef="o">'
    '<bpmn:dataState name="open"/></bpmn:dataObjectReference>'
)
lawful("a data object in a state", model(PLAIN + STATE.format("file [open]")))
for name in ("paper [open]", "file [closed]", "open"):
    forbidden("data-states", f"a data object called {name}", model(PLAIN + STATE.format(name)))
READS = around(task(inner=io("i") + data_in("d", "i"))) + data_object("d")
lawful("a task that reads a data object", model(READS, first=ITEMS))
lawful(
    "a task that writes a data object",
    model(around(task(inner=io("", "o") + data_out("o", "d"))) + data_object("d"), first=ITEMS),
)
forbidden(
    "data-collections",
    "a data object that is a collection of one",
    model(
        READS.replace(
            'itemSubjectRef="text"/><bpmn:dataObjectR', 'itemSubjectRef="text" isCollection="true"/><bpmn:dataObjectR'
        ),
        first=ITEMS,
    ),
)
forbidden(
    "data-collections",
    "a data input that is a collection of one",
    model(around(task(inner=io("i", many=True))), first=ITEMS),
)
forbidden(
    "data-collections",
    "a data output that is a collection of one",
    model(around(task(inner=io("", "o", many=True))), first=ITEMS),
)
forbidden(
    "data-collections",
    "a data input that is no collection of many",
    model(around(task(inner=io("i", kind="texts"))), first=ITEMS),
)
forbidden(
    "data-association",
    "data of two types",
    model(READS.replace('id="d_o" itemSubjectRef="text"', 'id="d_o" itemSubjectRef="number"'), first=ITEMS),
)
lawful(
    "data of two definitions of one type",
    model(READS.replace('id="d_o" itemSubjectRef="text"', 'id="d_o" itemSubjectRef="words"'), first=ITEMS),
)
forbidden(
    "data-association",
    "two sources without transformation",
    model(around(task(inner=io("i") + data_in("d f", "i"))) + data_object("d") + data_object("f"), first=ITEMS),
)
BOTH = formal("transformation", "d")
lawful(
    "two sources with transformation",
    model(around(task(inner=io("i") + data_in("d f", "i", BOTH))) + data_object("d") + data_object("f"), first=ITEMS),
)
forbidden(
    "formal-expressions",
    "an empty transformation",
    model(
        around(task(inner=io("i") + data_in("d", "i", formal("transformation", "")))) + data_object("d"), first=ITEMS
    ),
)
forbidden("references", "data from nowhere", model(around(task(inner=io("i") + data_in("nothing", "i"))), first=ITEMS))
forbidden("references", "data from a task", model(around(task(inner=io("i") + data_in("s", "i"))), first=ITEMS))
OWN = io("given", "made")
forbidden(
    "data-association",
    "an input of the process that is written",
    model(OWN + around(task(inner=io("", "o") + data_out("o", "given"))), first=ITEMS),
)
forbidden(
    "data-association",
    "an output of the process that is read",
    model(OWN + around(task(inner=io("i") + data_in("made", "i"))), first=ITEMS),
)
lawful(
    "an input of the process that is read",
    model(OWN + around(task(inner=io("i") + data_in("given", "i"))), first=ITEMS),
)
ASSIGN = "<bpmn:assignment>" + formal("from", "1") + formal("to", "i") + "</bpmn:assignment>"
forbidden(
    "formal-expressions",
    "an assignment that is only described",
    model(
        around(task(inner=io("i") + data_in("d", "i", ASSIGN.replace("tFormal", "t")))) + data_object("d"), first=ITEMS
    ),
)

forbidden(
    "formal-expressions",
    "an assignment without type",
    model(
        around(task(inner=io("i") + data_in("d", "i", ASSIGN.replace(' xsi:type="bpmn:tFormalExpression"', ""))))
        + data_object("d"),
        first=ITEMS,
    ),
)

# -- inputs and outputs ----------------------------------------------------------------------------

SETS = '<bpmn:inputSet id="is">{}</bpmn:inputSet><bpmn:outputSet id="os">{}</bpmn:outputSet>'


def sets(inputs: str, outputs: str, ins: str = "i", outs: str = "o") -> str:
    return model(around(task(inner=io(ins, outs, sets=SETS.format(inputs, outputs)))), first=ITEMS)


IN, OUT = "<bpmn:dataInputRefs>i</bpmn:dataInputRefs>", "<bpmn:dataOutputRefs>o</bpmn:dataOutputRefs>"
lawful("inputs and outputs", sets(IN, OUT))
forbidden("io-specification", "an input in no set", sets("", OUT))
forbidden("io-specification", "an output in no set", sets(IN, ""))
for tag in ("optionalInputRefs", "whileExecutingInputRefs"):
    lawful(f"an input in {tag}", sets(f"{IN}<bpmn:{tag}>i</bpmn:{tag}>", OUT))
    forbidden(
        "io-specification",
        f"an input only in {tag}",
        sets(f"{IN}<bpmn:{tag}>k</bpmn:{tag}>", OUT, ins="i k").replace(
            '<bpmn:inputSet id="is">',
            '<bpmn:inputSet id="is2"><bpmn:dataInputRefs>k</bpmn:dataInputRefs></bpmn:inputSet><bpmn:inputSet id="is">',
        ),
    )
for tag in ("optionalOutputRefs", "whileExecutingOutputRefs"):
    lawful(f"an output in {tag}", sets(IN, f"{OUT}<bpmn:{tag}>o</bpmn:{tag}>"))
    forbidden(
        "io-specification",
        f"an output only in {tag}",
        sets(IN, f"{OUT}<bpmn:{tag}>k</bpmn:{tag}>", outs="o k").replace(
            '<bpmn:outputSet id="os">',
            (
                '<bpmn:outputSet id="os2"><bpmn:dataOutputRefs>k</bpmn:dataOutputRefs></bpmn:outputSet>'
                '<bpmn:outputSet id="os">'
            ),
        ),
    )
PAIR_IN, PAIR_OUT = "<bpmn:outputSetRefs>os</bpmn:outputSetRefs>", "<bpmn:inputSetRefs>is</bpmn:inputSetRefs>"
lawful("sets that name each other", sets(IN + PAIR_IN, OUT + PAIR_OUT))
forbidden("io-specification", "an input set that is not named back", sets(IN + PAIR_IN, OUT))
forbidden("io-specification", "an output set that is not named back", sets(IN, OUT + PAIR_OUT))
for tag in ("subProcess", "transaction", "adHocSubProcess"):
    inner = io("i") + (task("ti") if tag == "adHocSubProcess" else INNER)
    forbidden(
        "io-specification",
        f"a {tag} with inputs",
        model(around(sub("t", inner).replace("subProcess", tag)), first=ITEMS),
    )

# -- collections of a multi-instance ---------------------------------------------------------------

LIST_IN, LIST_OUT = io("i", kind="texts", many=True), io("", "o", kind="texts", many=True)
EACH_IN = '<bpmn:loopDataInputRef>i</bpmn:loopDataInputRef><bpmn:inputDataItem id="each" itemSubjectRef="{}"/>'
EACH_OUT = (
    formal("loopCardinality", "2")
    + '<bpmn:loopDataOutputRef>o</bpmn:loopDataOutputRef><bpmn:outputDataItem id="each" itemSubjectRef="{}"/>'
)
lawful("instances over an input", model(around(looped(task(inner=LIST_IN), many(EACH_IN.format("text")))), first=ITEMS))
lawful(
    "instances that fill an output",
    model(around(looped(task(inner=LIST_OUT), many(EACH_OUT.format("text")))), first=ITEMS),
)
for kind, what in (("texts", "lists"), ("number", "numbers")):
    forbidden(
        "loop-items",
        f"instances over texts as {what}",
        model(around(looped(task(inner=LIST_IN), many(EACH_IN.format(kind)))), first=ITEMS),
    )
    forbidden(
        "loop-items",
        f"instances that fill texts with {what}",
        model(around(looped(task(inner=LIST_OUT), many(EACH_OUT.format(kind)))), first=ITEMS),
    )
forbidden(
    "loop-items",
    "instances over a type",
    model(
        around(looped(task(inner=LIST_IN), many("<bpmn:loopDataInputRef>texts</bpmn:loopDataInputRef>"))), first=ITEMS
    ),
)
