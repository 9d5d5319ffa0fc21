"""One module an outside system: its library, its timeouts and its words stay in there. Each raises ChannelError and nothing else."""


class ChannelError(Exception):
    """Not delivered. The message is for people and holds no secret; `permanent` where trying again cannot help.

    `retry_after`: seconds that the other side asked to be left alone for.
    """

    def __init__(self, message: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
