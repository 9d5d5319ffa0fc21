"""The registry of handoffs: each type with the field of TAMHandoffResponse that its answer is not complete without.

Under either type any request type of the contract may be asked for; the text that comes of it goes along with what the type carries.
"""

from collections.abc import Mapping
from typing import Literal

HANDOFFS: Mapping[str, Literal["health_score", "escalation_result"]] = {
    "health_report": "health_score",
    "escalation_alert": "escalation_result",
}
