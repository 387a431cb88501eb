"""What is said once after something was done: the address that a POST leads to names it as `?done=`."""

from __future__ import annotations

from calsync_airflow.web.words import N_

NOTES = {
    "started": N_("Started. The numbers here follow by themselves."),
}
"""By the word in the address."""


def text(done: str | None) -> str | None:
    """The English text, for `_`; None: nothing, or nothing known, was done."""
    return NOTES.get(done or "")
