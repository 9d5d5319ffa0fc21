"""Handoffs: what comes in from other software and what goes out to it, checked in structure and meaning, and kept on record.

`registry` says which types there are, `validation` checks a payload by `structure` and `meaning`, `exchange` answers one.
"""

from communications.handoffs.registry import HANDOFFS
from communications.handoffs.strictness import StrictnessConfig, ValidationStrictness
from communications.handoffs.validation import Issues, validate

__all__ = ["HANDOFFS", "Issues", "StrictnessConfig", "ValidationStrictness", "validate"]
