"""Telling people and other systems about escalations: the outbox, what a message says, who may get one, and delivery."""


class NotSent(Exception):
    """There is nobody to send it to, no way to, or nothing to say. The message says which.

    `tell_others`: somebody else is to be told instead.
    """

    def __init__(self, message: str, *, tell_others: bool = False) -> None:
        super().__init__(message)
        self.tell_others = tell_others
