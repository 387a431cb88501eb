"""When a fault strikes, and which faults make no sense."""

from __future__ import annotations

import pytest

from include.sandbox.faults import Fault, Faults


def strikes(fault: Fault, requests_: list[tuple[str, str]]) -> list[int]:
    """1-based numbers of the requests that the fault strikes."""
    faults = Faults()
    faults.add(fault)
    return [number for number, each in enumerate(requests_, 1) if faults.strike(*each) is not None]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("drop"), [1]),
        (Fault("drop", times=0), [1, 2, 3, 4, 5, 6]),
        (Fault("drop", times=2), [1, 2]),
        (Fault("drop", method="post"), [2]),
        (Fault("drop", method="POST", times=0), [2, 4, 6]),
        (Fault("drop", path=r"/b$", times=0), [3, 4]),
        (Fault("drop", nth=3), [3]),
        (Fault("drop", nth=3, times=2), [3, 4]),
        (Fault("drop", nth=3, times=0), [3, 4, 5, 6]),
        (Fault("drop", nth=3, method="POST"), []),
        (Fault("drop", skip=1, method="POST"), [4]),
        (Fault("drop", skip=1, method="POST", times=0), [4, 6]),
    ],
    ids=str,
)
def test_when_a_fault_strikes(fault: Fault, expected: list[int]) -> None:
    sent = [("GET", "/a"), ("POST", "/a"), ("GET", "/b"), ("POST", "/b"), ("GET", "/c"), ("POST", "/c")]
    assert strikes(fault, sent) == expected


@pytest.mark.parametrize(
    "wrong", [{"kind": "explode"}, {"kind": "drop", "when": "never"}, {"kind": "drop", "path": "("}]
)
def test_faults_that_make_no_sense(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"kind must be|when must be|no regular expression"):
        Fault.from_json(wrong)
