"""Small diagrams for tests of the kernel, written as XML bodies."""

from __future__ import annotations

from itertools import pairwise

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="definitions" targetNamespace="urn:test">"""


def diagram(body: str, *, process_id: str = "probe", messages: str = "") -> str:
    """A file with one executable process ``process_id`` holding ``body``; ``messages`` are names."""
    declared = "".join(f'<bpmn:message id="msg_{m.replace("-", "_")}" name="{m}"/>' for m in messages.split())
    process = f'<bpmn:process id="{process_id}" name="试验" isExecutable="true">{body}</bpmn:process>'
    return f"{_HEAD}{declared}{process}</bpmn:definitions>"


def props(**values: str) -> str:
    """Extension properties; ``set_x`` stands for ``set:x`` and ``param_x`` for ``param:x``."""
    lines = "".join(
        f'<spiffworkflow:property name="{k.replace("set_", "set:", 1).replace("param_", "param:", 1)}" value="{v}"/>'
        for k, v in values.items()
    )
    return (
        f"<bpmn:extensionElements><spiffworkflow:properties>{lines}</spiffworkflow:properties></bpmn:extensionElements>"
    )


def start(element_id: str = "begin") -> str:
    return f'<bpmn:startEvent id="{element_id}" name="开始"/>'


def end(element_id: str = "finish") -> str:
    return f'<bpmn:endEvent id="{element_id}" name="结束"/>'


def user(element_id: str, **properties: str) -> str:
    properties = {"role": "承办人", **properties}
    return f'<bpmn:userTask id="{element_id}" name="办理 {element_id}">{props(**properties)}</bpmn:userTask>'


def service(element_id: str, name: str, **properties: str) -> str:
    inner = props(service=name, **properties)
    return f'<bpmn:serviceTask id="{element_id}" name="服务 {element_id}">{inner}</bpmn:serviceTask>'


def catch_message(element_id: str, message: str) -> str:
    return (
        f'<bpmn:intermediateCatchEvent id="{element_id}" name="等待 {message}">'
        f'<bpmn:messageEventDefinition id="{element_id}_d" messageRef="msg_{message.replace("-", "_")}"/>'
        "</bpmn:intermediateCatchEvent>"
    )


def catch_timer(element_id: str, when: str, kind: str = "timeDuration") -> str:
    return (
        f'<bpmn:intermediateCatchEvent id="{element_id}" name="等待时间">'
        f'<bpmn:timerEventDefinition id="{element_id}_d">'
        f'<bpmn:{kind} xsi:type="bpmn:tFormalExpression">{when}</bpmn:{kind}></bpmn:timerEventDefinition>'
        "</bpmn:intermediateCatchEvent>"
    )


def flow(source: str, target: str, condition: str = "", name: str = "") -> str:
    head = f'<bpmn:sequenceFlow id="{source}_to_{target}" name="{name or target}"'
    inner = (
        f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>'
        if condition
        else ""
    )
    return f'{head} sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'


def flows(*nodes: str) -> str:
    """Flows along a chain of ids."""
    return "".join(flow(a, b) for a, b in pairwise(nodes))
