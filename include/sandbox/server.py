"""Both services of the sandbox together, in one daemon thread."""

from __future__ import annotations

from types import TracebackType

from include.sandbox.base import SandboxClock, ServerThread, Service
from include.sandbox.google.service import create_google
from include.sandbox.pipedrive.service import create_pipedrive


class Sandbox:
    """``with Sandbox() as sandbox:`` serves ``sandbox.pipedrive`` and ``sandbox.google`` on loopback.

    Each service has a clock of its own, so that a test can let them disagree. Port 0 takes a free port. ``latency_s``
    is the time that every answer takes; ``seed`` feeds whatever the services draw at random.
    """

    def __init__(
        self, *, pipedrive_port: int = 0, google_port: int = 0, latency_s: float = 0.0, seed: int | None = None
    ) -> None:
        self.pipedrive: Service = create_pipedrive(SandboxClock(), latency_s=latency_s, seed=seed)
        self.google: Service = create_google(SandboxClock(), latency_s=latency_s, seed=seed)
        self._ports = (pipedrive_port, google_port)
        self._thread: ServerThread | None = None

    def start(self) -> Sandbox:
        thread = ServerThread()
        try:
            for service, port in zip((self.pipedrive, self.google), self._ports, strict=True):
                thread.serve(service, port)
        except BaseException:
            thread.stop()
            raise
        self._thread = thread
        return self

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.stop()
            self._thread = None

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
