"""Lianjian: a workflow engine for joint random inspections, and the inspections themselves."""

__version__ = "0.1.0"
