"""Why a task is not done, each in words for whoever asked."""

from collections.abc import Sequence


class Unknown(Exception):
    """What the task names does not exist for this token: the caller may not learn whether it exists for another."""


class Invalid(Exception):
    """The task asks for something that cannot be meant; nothing was done. `issues` says all that has to change."""

    def __init__(self, issues: Sequence[str]) -> None:
        super().__init__(" ".join(issues))
        self.issues = list(issues)


class Busy(Exception):
    """The tenant has as many batches open as it may; nothing was done."""


class CannotBeDone(Exception):
    """The task was understood and cannot be done as things stand. The message says what to do."""
