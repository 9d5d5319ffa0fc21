"""Handoffs: what comes in from other software and what goes out to it, checked in structure and meaning, and kept on record.

`registry` says which types there are, `structure` and `meaning` check a payload, `exchange` answers one.
"""

from communications.handoffs.registry import HANDOFFS, Issues, validate
from communications.handoffs.strictness import StrictnessConfig, ValidationStrictness

__all__ = ["HANDOFFS", "Issues", "StrictnessConfig", "ValidationStrictness", "validate"]
