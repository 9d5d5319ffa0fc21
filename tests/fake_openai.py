"""An OpenAI-compatible server in a process of its own. The model's name in a request chooses what it does.

`<behaviour>-<anything>`: the rest keeps tests apart. `GET /seen/<model>` answers the requests that named that model.
"""

import json
import select
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests import obeying_model

HOSTILE = (
    '<p>Dear <script>alert(1)</script>reader</p><img src="https://spy.example/x.png" onerror="alert(2)">'
    '<p><a href="javascript:alert(3)">here</a> <a href="https://good.example">there</a></p><form action="/x"><input></form>'
)
USAGE = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}
seen: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)


def filled(schema: dict[str, Any], whole: dict[str, Any], name: str = "") -> Any:
    """The shortest value that fits the schema, with the field's name as its text."""
    if "$ref" in schema:
        return filled(whole["$defs"][schema["$ref"].rsplit("/", 1)[1]], whole, name)
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "object":
        return {key: filled(value, whole, key) for key, value in schema["properties"].items()}
    if schema["type"] == "array":
        return [filled(schema["items"], whole, name)]
    return "<p>Hello from the model.</p>" if name == "body_html" else f"The model's {name.replace('_', ' ')}"


def completion(content: str | None, **message: Any) -> dict[str, Any]:
    finish, usage = message.pop("finish_reason", "stop"), message.pop("usage", USAGE)
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, "refusal": None} | message}
    return {"id": "c", "object": "chat.completion", "created": 0, "model": "fake", "choices": [choice], "usage": usage}


class Model(BaseHTTPRequestHandler):
    wanted: dict[str, Any]
    call: int  # the how manieth with this model's name
    valid: str

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        self.answer(200, seen[self.path.removeprefix("/seen/")])

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        calls = seen[request["model"]]
        calls.append(request | {"authorization": self.headers.get("Authorization")})
        schema = request.get("response_format", {}).get("json_schema", {}).get("schema")
        self.wanted, self.call = request, len(calls)
        self.valid = json.dumps(filled(schema, schema)) if schema else "{}"
        getattr(self, f"be_{request['model'].split('-')[0]}")()

    def answer(self, status: int, body: Any, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def be_good(self) -> None:
        self.answer(200, completion(self.valid))

    def be_repaired(self) -> None:
        self.answer(200, completion(self.valid if self.call > 1 else '{"subject": "Only this"'))

    def be_truncated(self) -> None:
        self.answer(200, completion(self.valid) if self.call > 1 else completion(self.valid[:20], finish_reason="length"))

    def be_invalid(self) -> None:
        self.answer(200, completion("I am sorry, here is your mail: hello."))

    def be_refusing(self) -> None:
        self.answer(200, completion(None, refusal="I can't help with that."))

    def be_limited(self) -> None:
        if self.call == 1:
            self.answer(429, {"error": {"message": "slow down"}}, Retry_After="0.2")
        else:
            self.answer(200, completion(self.valid))

    def be_patient(self) -> None:
        self.answer(429, {"error": {"message": "come back later"}}, Retry_After="100")

    def be_broken(self) -> None:
        self.answer(500, {"error": {"message": "secret detail"}}, Retry_After="0.05")

    def be_unauthorised(self) -> None:
        self.answer(401, {"error": {"message": f"Incorrect API key provided: {self.headers['Authorization']}"}})

    def be_unknown(self) -> None:
        self.answer(404, {"error": {"message": "no such model"}})

    def be_silent(self) -> None:
        time.sleep(20)

    def be_waiting(self) -> None:
        """Answers after twenty seconds, or notes that nobody waits for it any more."""
        if select.select([self.connection], [], [], 20)[0]:
            seen[self.wanted["model"]][self.call - 1]["was_closed"] = True
        else:
            self.answer(200, completion(self.valid))

    def be_dripping(self) -> None:
        """A byte now and then: no single read ever times out."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100")
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.2)

    def be_schemaless(self) -> None:
        if "response_format" in self.wanted:
            self.answer(400, {"error": {"message": "response_format is not supported"}})
        else:
            text = {"subject": "Without a schema", "body_html": "<p>Hello</p>", "health_summary": "Fine", "recommendations": []}
            self.answer(200, completion(json.dumps(text)))

    def be_proxied(self) -> None:
        self.answer(200, "<html><body>Sign in to the company network</body></html>")

    def be_odd(self) -> None:
        self.answer(200, {"result": "ok"})

    def be_nul(self) -> None:
        self.answer(200, completion(self.valid.replace("Hello", "\\u0000Hello") if self.call == 1 else self.valid))

    def be_echoing(self) -> None:
        """Repeats the caller's headers, once in an answer that does not do."""
        told = self.headers["Authorization"]
        text = json.loads(self.valid) | {"subject": told, "body_html": f"<p>{told}</p>"}
        self.answer(200, completion(json.dumps(text | ({told: "?"} if self.call == 1 else {}))))

    def be_uncounted(self) -> None:
        self.answer(200, completion(self.valid, usage=None))

    def be_miscounting(self) -> None:
        self.answer(200, completion(self.valid, usage={"prompt_tokens": -5, "completion_tokens": 10**12, "total_tokens": 0}))

    def be_down(self) -> None:
        self.answer(503, {"error": {"message": "maintenance"}}, Retry_After="0.01")

    def be_back(self) -> None:
        """Down for as long as its first callers ask, then well."""
        if self.call <= 15:
            self.be_down()
        else:
            self.be_good()

    def be_empty(self) -> None:
        self.answer(200, completion(self.valid.replace("<p>Hello from the model.</p>", "<script>alert(1)</script>")))

    def be_hostile(self) -> None:
        answer = {name: f"{value} {HOSTILE}" if isinstance(value, str) else [HOSTILE] for name, value in json.loads(self.valid).items()}
        self.answer(200, completion(json.dumps(answer | {"subject": "<script>alert(4)</script>", "body_html": HOSTILE})))

    def be_obeying(self) -> None:
        """Does what the texts in the data ask for."""
        self.answer(200, completion(json.dumps(json.loads(self.valid) | obeying_model.obeyed(self.wanted))))

    def be_slow(self) -> None:
        time.sleep(1)
        self.answer(200, completion(self.valid))


@contextmanager
def running() -> Iterator[str]:
    """The server's base URL, while it runs."""
    process = subprocess.Popen([sys.executable, "-m", "tests.fake_openai"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.kill()
        process.wait()


def requests_to(base_url: str, model: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{base_url.removesuffix('/v1')}/seen/{model}") as answer:
        requests: list[dict[str, Any]] = json.load(answer)
    return requests


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    print(server.server_port, flush=True)  # noqa: T201
    server.serve_forever()
