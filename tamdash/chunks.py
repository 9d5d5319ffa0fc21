"""Bodies that come in chunks (RFC 9112, 7.1): Django takes a body without a length for an empty one."""

from typing import IO

from django.http import HttpRequest


class Unbounded(Exception):
    """The server does not say where such a body ends, so that it cannot be read."""


class Chunks:
    """The body as a stream that ends where it does. Whatever the server makes of a malformed chunk is an OSError here."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def read(self, most: int) -> bytes:
        try:
            return self.stream.read(most)
        except Exception as error:  # each server has errors of its own for it
            raise OSError("The body's chunks are malformed.") from error

    def close(self) -> None:
        """The connection is the server's."""


def of(request: HttpRequest) -> Chunks | None:
    """The request's body where it comes in chunks. Raises Unbounded."""
    if request.META.get("CONTENT_LENGTH") or "chunked" not in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    if not request.META.get("wsgi.input_terminated"):
        raise Unbounded
    return Chunks(request.META["wsgi.input"])
