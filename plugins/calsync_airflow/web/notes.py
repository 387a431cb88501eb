"""What is said once after something was done: the address that a POST leads to names it as `?done=`."""

from __future__ import annotations

from calsync_airflow.web.words import N_

NOTES = {
    "approved": N_("Approved. The next run does exactly what you saw."),
    "rejected": N_("Rejected. The next run puts it back."),
    "undoing": N_("Started. The run’s changes are taken back, and the undo is listed here when it is done."),
    "taking_other": N_("Started. Both sides get the other value, and the run is listed here when it is done."),
    "started": N_("Started. The numbers here follow by themselves."),
    "saved": N_("Saved. It applies with the next run."),
    "saved_not_synced": N_(
        "Saved. It can’t be synced yet: check its connections and its user. If its person still has to consent, make "
        "the link under Connections."
    ),
    "paused": N_("Paused. Nothing is written for this account until you resume it."),
    "resumed": N_("Resumed. The next run reads everything once."),
    "removed": N_("Removed. Nothing was deleted on either side."),
    "restored": N_("Set as it was then. It applies with the next run."),
    "taking_back": N_("Started. What was written is taken back, and this page shows it when the run is done."),
    "item_syncing": N_("Started. This page shows what the run does when it is done."),
}
"""By the word in the address."""


def text(done: str | None) -> str | None:
    """The English text, for `_`; None: nothing, or nothing known, was done."""
    return NOTES.get(done or "")
