"""The figures as a table, as a page of docs/, and as a picture."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from tests.checks.peers.measured import ROOT, Figure

PAGE, PICTURE = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "benchmarks.svg"
WORKS = {
    "known": "Nothing was edited, and both sides can say so",
    "compared": "Nothing was edited, and all of both sides is compared",
    "changed": "One in a hundred was edited on one side, and is written to the other",
    "diff": "The bare diff",
}
FAULTS = {"datacompy": "compares numbers as floats, and misses edits of the lowest bits"}
"""Contenders whose result is known to be wrong, and why."""


@dataclass(frozen=True)
class Line:
    """One contender's medians for one work."""

    work: str
    contender: str
    figure: Figure


@dataclass
class Report:
    """All that one run of the bench measured, and when and where it did."""

    items: int
    rows: int
    runs: int
    lines: list[Line] = field(default_factory=list)
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    load: tuple[float, float, float] = field(default_factory=os.getloadavg)

    def of(self, work: str) -> list[Line]:
        return [line for line in self.lines if line.work == work]

    def circumstances(self) -> str:
        """When, where, and what else the machine did."""
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout.strip()
        now = os.getloadavg()
        busy = " The machine was busy with other work: trust the ratios, not the seconds."
        return (
            f"Measured on {self.begun:%Y-%m-%d} at commit `{commit or 'unknown'}`: {os.cpu_count()} cores, "
            f"{platform.system()} {platform.machine()}, Python {platform.python_version()}; load of the machine "
            f"{self.load[0]:.1f} at the begin, {now[0]:.1f} at the end. Medians of {self.runs}."
            + (busy if max(now[0], self.load[0]) > (os.cpu_count() or 1) else "")
        )


HEAD = ("contender", "CPU, s", "against calsync", "seconds", "memory added, MiB", "result")


def cells(report: Report, work: str) -> list[tuple[str, ...]]:
    """A table's rows."""
    lines = report.of(work)
    own = next(line.figure.cpu_s for line in lines if line.contender == "calsync")
    return [_cells(line, own) for line in lines]


def _cells(line: Line, own: float) -> tuple[str, ...]:
    figure, result = line.figure, line.figure.outcome
    if line.work == "diff":
        result = "wrong: " + FAULTS[line.contender] if line.contender in FAULTS else "as the loop over dicts"
    ratio = "" if line.contender == "calsync" else f"{figure.cpu_s / own:.2g} ×"
    return (
        line.contender,
        f"{figure.cpu_s:.2f}",
        ratio,
        f"{figure.seconds:.2f}",
        f"{figure.memory_added:.0f}",
        result,
    )


def printed(report: Report) -> str:
    """For the terminal."""
    from include.scripts.demo.tables import table

    shown = [f"{WORKS[work]}\n{table(HEAD, cells(report, work))}" for work in WORKS if report.of(work)]
    return "\n\n".join([*shown, _steps(report), report.circumstances()])


def _steps(report: Report) -> str:
    """Where calsync's seconds of the comparison went."""
    own = next((line.figure for line in report.of("compared") if line.contender == "calsync"), None)
    parts = ", ".join(f"`{name}` {seconds:.1f}" for name, seconds in (own.parts if own else {}).items())
    return f"Seconds of calsync's comparison by step: {parts}."


def write(report: Report, targets: str) -> None:
    """The page and the picture in docs/. `targets`: the table of what calsync was to reach."""
    parts = [f"#### {WORKS[work]}\n\n{_markdown(HEAD, cells(report, work))}" for work in WORKS if work != "diff"]
    PAGE.write_text(
        TEXT.format(
            circumstances=report.circumstances(),
            targets=targets,
            items=f"{report.items:,}",
            rows=f"{report.rows:,}",
            whole="\n\n".join(parts),
            steps=_steps(report),
            diff=_markdown(HEAD, cells(report, "diff")),
        ),
        encoding="utf-8",
    )
    PICTURE.write_text(picture(report), encoding="utf-8")


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 2), "---"], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# The picture: bars of CPU seconds, without a library.

WIDTH, NAMES, BAR, GAP, TOP = 860, 250, 18, 6, 34
OWN_COLOR, PEER_COLOR = "#1f6feb", "#8c959f"


def picture(report: Report) -> str:
    """An SVG with one group of bars for each work, each group with a scale of its own."""
    out, y = [], TOP
    for work in WORKS:
        lines = report.of(work)
        if not lines:
            continue
        longest = max(line.figure.cpu_s for line in lines) or 1.0
        size = f"{report.rows:,} links" if work == "diff" else f"{report.items:,} pairs"
        out.append(f'<text x="10" y="{y}" font-weight="bold">{escape(WORKS[work])} ({size}), seconds of CPU</text>')
        y += GAP * 2
        for line in lines:
            out.append(_bar(line, y, longest))
            y += BAR + GAP
        y += TOP
    font = 'font-family="system-ui, sans-serif" font-size="13" fill="#1f2328"'
    size = f'width="{WIDTH}" height="{y - TOP + GAP}"'
    background = f'<rect {size} fill="#ffffff"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>', background, *out, "</svg>"]) + "\n"


def _bar(line: Line, y: int, longest: float) -> str:
    color = OWN_COLOR if line.contender.startswith("calsync") else PEER_COLOR
    length = max(1, round((WIDTH - NAMES - 90) * line.figure.cpu_s / longest))
    said = " (wrong result)" if line.contender in FAULTS and line.work == "diff" else ""
    return (
        f'<text x="{NAMES - 8}" y="{y + 13}" text-anchor="end">{escape(line.contender + said)}</text>'
        f'<rect x="{NAMES}" y="{y}" width="{length}" height="{BAR}" fill="{color}"/>'
        f'<text x="{NAMES + length + 6}" y="{y + 13}">{line.figure.cpu_s:.2f}</text>'
    )


TEXT = Path(__file__).with_name("page.md").read_text(encoding="utf-8")
"""The page, with places for the figures."""
