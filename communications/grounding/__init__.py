"""Where each claim of a draft comes from: found in the text, traced to the record that holds it, or flagged. By rules alone.

`ground` is pure and quick enough to run at every save. What nobody can check is told apart as prose.
"""

from communications.grounding.claims import Claim, Grounding, Source
from communications.grounding.marking import marked
from communications.grounding.tracing import ground

__all__ = ["Claim", "Grounding", "Source", "ground", "marked"]
