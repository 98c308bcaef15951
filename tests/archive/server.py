"""An archive on this machine that misbehaves in a chosen order."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    status: int = 200
    content: bytes = b""
    kind: str = "image/jpeg"
    length: int | str | None = None  # what Content-Length claims, if not the truth
    retry_after: str | None = None
    drip_s: float | None = None  # between single bytes
    headers: tuple[tuple[str, str], ...] = ()  # more of them
    reason: str | None = None  # instead of the usual words for the status
    endless: bool = False  # the content again and again, without a length


@dataclass
class Archive:
    url: str
    answers: list[Answer]
    paths: list[str] = field(default_factory=list)
    answer_to: Callable[[str], Answer] | None = None


@contextmanager
def serve_by(answer_to: Callable[[str], Answer]) -> Iterator[Archive]:
    """Answers by the path that is asked for."""
    with serve(Answer()) as archive:
        archive.answer_to = answer_to
        yield archive


def files_of(folder: Path, kind: str) -> Callable[[str], Answer]:
    """The files of a folder, as an answer to their paths; 404 for others."""

    def answer(path: str) -> Answer:
        file = folder / path.lstrip("/")
        return Answer(content=file.read_bytes(), kind=kind) if file.is_file() else Answer(404)

    return answer


@contextmanager
def serve(*answers: Answer) -> Iterator[Archive]:
    """Answers in order, the last one for ever after."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            archive.paths.append(self.path)
            if archive.answer_to is not None:
                self._send(archive.answer_to(self.path))
                return
            answer = archive.answers.pop(0) if len(archive.answers) > 1 else archive.answers[0]
            self._send(answer)

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status, answer.reason)
            self.send_header("Content-Type", answer.kind)
            length = len(answer.content) if answer.length is None else answer.length
            if not answer.endless:
                self.send_header("Content-Length", str(length))
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.retry_after is not None:
                self.send_header("Retry-After", answer.retry_after)
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked may have had enough
                self._write(answer)

        def _write(self, answer: Answer) -> None:
            if answer.drip_s is None:
                self.wfile.write(answer.content)
                while answer.endless:
                    self.wfile.write(answer.content)
                return
            for byte in answer.content:
                self.wfile.write(bytes([byte]))
                time.sleep(answer.drip_s)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    archive = Archive(f"http://127.0.0.1:{server.server_port}", list(answers))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield archive
    finally:
        server.shutdown()
        server.server_close()
