"""A bench that was cut off goes on where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.targets import kept
from tests.checks.targets.line import Line


def test_what_was_measured_is_kept_but_for_what_stands_beside_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "FILE", tmp_path / "made" / "bench.json")
    assert kept.read() == {}
    lines = [Line("upload", "9.7 a second", "95 %", True), Line("load", "1.2")]
    kept.write({"one_user": lines, "beside": [Line("diff", "0.8 s")]})
    assert kept.read() == {"one_user": lines}
