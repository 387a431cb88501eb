"""Holds: ask a person about each, and store the answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskAwaitingInput

from calsync_airflow.asked import who_started
from calsync_airflow.services import open_services
from include.calsync.errors import CalsyncError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.calsync.core.row_words import RowWords
    from include.calsync.flows.holds import HoldView

APPROVE, REJECT = "Approve", "Reject"
EXPIRES = timedelta(days=7)
"""How long a person has; as `flows.holds.EXPIRES`, which a DAG file must not load."""
LOOKS_AGAIN = timedelta(minutes=15)
"""How often a question looks whether it is still one: a hold may end by itself, or be decided elsewhere."""
SHOWN_ITEMS = 200
"""In a request; the stored plan has the rest."""


class FindHoldsOperator(BaseOperator):
    """Finds the holds that a person is to be asked about.

    XCom `return_value`: their ids. The param `hold_id` names one, to be asked about again, or to be decided at once by
    the param `decision`.
    """

    def execute(self, context: Context) -> list[int]:
        """Return the ids. Raises AirflowFailException if the one that is named is decided already, or unknown."""
        from include.calsync.flows import holds

        hold_id, decision = context["params"]["hold_id"], context["params"]["decision"]
        with open_services() as services:
            if hold_id is None:
                return [hold.id for hold in holds.waiting(services, unasked=True)]
            try:
                if decision == "ask":
                    return [holds.show(services, hold_id).hold.id]
                holds.decide(services, hold_id, approve=decision == "approve", by=who_started(context))
            except CalsyncError as error:  # trying again does not help
                raise AirflowFailException(str(error)) from error
            return []


class DecideHoldOperator(HITLOperator):
    """Waits for a person without occupying a worker, and stores what that one decides.

    :param hold_id: the hold
    """

    template_fields: Sequence[str] = ("hold_id",)

    def __init__(self, *, hold_id: int, **kwargs: Any) -> None:
        super().__init__(subject="Hold", options=[APPROVE, REJECT], **kwargs)
        self.hold_id = hold_id

    def execute(self, context: Context) -> None:
        """Ask. Skips the task if the hold is decided, or another run asks."""
        from include.calsync.flows import holds

        with open_services() as services:
            again = context["params"]["hold_id"] is not None
            if not holds.ask(services, self.hold_id, context["run_id"], again=again):
                raise AirflowSkipException(f"Hold {self.hold_id} is decided already, or another run asks about it.")
            view = holds.show(services, self.hold_id)
        self.subject = f"{view.account}: {view.approved}?"
        self.body = request(view)
        super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> str:
        """Store the answer. Returns: it, with the name of who gave it.

        Without one the question goes on waiting, as long as there is something to decide. Else it ends, skipped.
        """
        from include.calsync.flows import holds

        if event.get("error_type") == "timeout":
            self._go_on_waiting(context)
        answer = super().execute_complete(context, event)
        (chosen,), user = answer["chosen_options"], answer["responded_by_user"] or {}
        by = user.get("name") or user.get("id") or "somebody"
        with open_services() as services:
            try:
                holds.decide(services, self.hold_id, approve=chosen == APPROVE, by=by)
            except CalsyncError as error:
                raise AirflowSkipException(str(error)) from error
        return f"{chosen} by {by}"

    def _go_on_waiting(self, context: Context) -> None:
        """Wait again, unless nothing is to be decided any more."""
        from include.calsync.flows import holds

        with open_services() as services:
            waits = holds.is_waiting(services, self.hold_id, context["run_id"])
        if not waits:
            raise AirflowSkipException(
                f"Nothing is to be decided here: hold {self.hold_id} is over, decided elsewhere, or asked about anew."
            )
        raise TaskAwaitingInput(method_name="execute_complete", timeout=self.response_timeout)


def request(view: HoldView) -> str:
    """The text of a request, as Markdown."""
    from include.calsync.flows.plan_text import command

    shown = view.lines[:SHOWN_ITEMS]
    # What is empty for all, as types of events and titles that may not be told, takes no room.
    head = [
        name
        for name in ("what", "activity", "event", "when", "type", "changes")
        if any(_cell(line, name) for line in shown)
    ]
    head.append("because")
    table = [head, ["---"] * len(head), *([_cell(line, name) or "–" for name in head] for line in shown)]
    rest = len(view.lines) - len(shown)
    return "\n".join(
        [
            f"**{APPROVE}**: {view.approved}. The next run does it, if the items are as they are now.\n",
            f"**{REJECT}**: {view.rejected}.\n",
            f"{view.hold.message}\n",
            *(f"| {' | '.join(cells)} |" for cells in table),
            *([f"\n… and {rest} more: `{command(view.hold.run_id)}` shows all."] if rest > 0 else []),
        ]
    )


def _cell(line: RowWords, name: str) -> str:
    return str(getattr(line, name)).replace("|", "\\|").replace("\n", " ")
