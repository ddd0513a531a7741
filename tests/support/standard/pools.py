"""Pools, message flows, choreographies."""

from __future__ import annotations

from tests.support.bpmn_runs import catch, chain, finish, node, process, sub
from tests.support.standard.core import DECLARED, MESSAGE, PLAIN, THINGS, around, begin, forbidden, lawful, model, task

# -- pools -----------------------------------------------------------------------------------------


def pools(flow: str = "", more: str = "", other: str = "", attributes: str = "") -> str:
    """Two pools, the first around ``probe``; ``flow`` is ``source target`` of a message flow."""
    source, target = (flow.split() or ["", ""])[:2]
    line = f'<bpmn:messageFlow id="mf" sourceRef="{source}" targetRef="{target}"{attributes}/>' if flow else ""
    things = THINGS.replace('"t"', '"note"')
    text = (
        '<bpmn:collaboration id="c"><bpmn:participant id="here" name="here" processRef="probe"/>'
        f'<bpmn:participant id="there" name="there" processRef="other">{more}</bpmn:participant>'
        f"{line}{things}</bpmn:collaboration>"
    )
    inside = other or begin("so", MESSAGE) + task("to") + catch("co", MESSAGE) + finish("eo", MESSAGE) + chain(
        "so to co eo"
    )
    return DECLARED + text + process("other", inside).replace('isExecutable="true"', 'isExecutable="false"')


TALK = begin() + task("t", tag="sendTask", messageRef="m_text") + catch("w", MESSAGE) + finish("e") + chain("s t w e")
for flow in ("t so", "t co", "t there", "there w", "here there", "eo w"):
    lawful(f"a message flow, {flow}", model(TALK, first=pools(flow)))
for name, flow in {
    "in one pool": "t w", "in a circle": "t t", "from the own pool": "here w", "to the own pool": "t here",
    "from a start event": "so w", "to an end event": "t eo", "from a catch event": "co w", "from a none end": "e so",
}.items():  # fmt: skip
    forbidden("message-flows", f"a message flow {name}", model(TALK, first=pools(flow)))
forbidden(
    "message-flows",
    "a message flow to a none start",
    model(TALK, first=pools("t so", other=begin("so") + finish("eo") + chain("so eo"))),
)
for thing in ("note", "frame", "tie"):
    forbidden("references", f"a message flow to an artifact, {thing}", model(TALK, first=pools(f"t {thing}")))
    forbidden("references", f"a message flow from an artifact, {thing}", model(TALK, first=pools(f"{thing} w")))
forbidden("flow-borders", "a sequence flow to another pool", model(TALK + chain("t to"), first=pools()))
lawful("a message flow with its message", model(TALK, first=pools("t so", attributes=' messageRef="m_text"')))
forbidden(
    "references",
    "a message flow with a pool as message",
    model(TALK, first=pools("t so", attributes=' messageRef="there"')),
)
for low, high in ((0, 1), (2, 2)):
    lawful(
        f"a pool of {low} to {high}",
        model(TALK, first=pools(more=f'<bpmn:participantMultiplicity minimum="{low}" maximum="{high}"/>')),
    )
for low, high in ((-1, 1), (0, 0), (3, 2)):
    forbidden(
        "participants",
        f"a pool of {low} to {high}",
        model(TALK, first=pools(more=f'<bpmn:participantMultiplicity minimum="{low}" maximum="{high}"/>')),
    )
forbidden(
    "participants",
    "two pools of one process",
    model(TALK, first=pools().replace('processRef="other"', 'processRef="probe"')),
)
forbidden("references", "a pool of a task", model(TALK, first=pools().replace('processRef="other"', 'processRef="to"')))

# -- choreographies and conversations --------------------------------------------------------------

for tag, inner in {
    "choreographyTask": ("<bpmn:participantRef>here</bpmn:participantRef>"
"<bpmn:participantRef>there</bpmn:participantRef>"
"<bpmn:messageFlowRef>mf</bpmn:messageFlowRef>"),
    "callChoreography": ("<bpmn:participantRef>here</bpmn:participantRef>"
"<bpmn:participantRef>there</bpmn:participantRef>"),
    "subChoreography": ("<bpmn:participantRef>here</bpmn:participantRef>"
"<bpmn:participantRef>there</bpmn:participantRef>"),
}.items():  # fmt: skip
    foreign = node(tag, "ch", inner, initiatingParticipantRef="here") + chain("t ch e")
    forbidden("choreographies", f"a {tag} in a process", model(TALK + foreign, first=pools("t so")))
    for level in ("subProcess", "transaction", "adHocSubProcess"):
        text = around(sub("z", task("zz") + node(tag, "ch", inner, initiatingParticipantRef="here")), "z").replace(
            "subProcess", level
        )
        forbidden(
            "choreographies",
            f"a {tag} in a {level}",
            model(
                text
                + TALK.replace('"s"', '"s2"')
                .replace('"e"', '"e2"')
                .replace("s_to_t", "s2_to_t")
                .replace("w_to_e", "w_to_e2"),
                first=pools("t so"),
            ),
        )
forbidden(
    "choreographies",
    "a choreography of a choreography",
    model(
        PLAIN,
        more=(
            '<bpmn:choreography id="one"><bpmn:choreographyRef>two</bpmn:choreographyRef>'
            '</bpmn:choreography><bpmn:choreography id="two"/>'
        ),
    ),
)
forbidden(
    "choreographies",
    "a global conversation of a choreography",
    model(
        PLAIN,
        more=(
            '<bpmn:globalConversation id="one"><bpmn:choreographyRef>two</bpmn:choreographyRef>'
            '</bpmn:globalConversation><bpmn:choreography id="two"/>'
        ),
    ),
)
forbidden(
    "choreographies",
    "a global conversation with a conversation",
    model(PLAIN, more='<bpmn:globalConversation id="one"><bpmn:conversation id="talk"/></bpmn:globalConversation>'),
)
forbidden(
    "choreographies",
    "a closed choreography of an open collaboration",
    model(
        PLAIN,
        more=(
            '<bpmn:collaboration id="one" isClosed="false">'
            "<bpmn:choreographyRef>two</bpmn:choreographyRef></bpmn:collaboration>"
            '<bpmn:choreography id="two" isClosed="true"/>'
        ),
    ),
)
