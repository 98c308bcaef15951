"""What tests of steps that fetch share: this computer is asked without a proxy, and nobody may be there."""

import socket

import pytest


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """For servers on this computer."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def nobody() -> str:
    """The address of a port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"
