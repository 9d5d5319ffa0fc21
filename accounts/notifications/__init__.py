"""Telling people and other systems about escalations: the outbox, what a message says, who may get one, and delivery."""


class NotSent(Exception):
    """There is nobody to send it to, no way to, or nothing to say. The message says which.

    `tell_others`: its recipient may not be told any more.
    """

    def __init__(self, message: str, *, tell_others: bool = False) -> None:
        super().__init__(message)
        self.tell_others = tell_others
