"""A DAG of the sync's shape whose tasks do nothing: what Airflow itself takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, BaseOperator, TriggerRule


class NothingOperator(BaseOperator):
    """Returns what it is given. `shard`: of a mapped task."""

    def __init__(self, *, answer: Any = None, shard: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.answer, self.shard = answer, shard

    def execute(self, context: Any) -> Any:
        """Return the answer."""
        return self.answer


with DAG("empty", schedule=None, start_date=datetime(2020, 1, 1, tzinfo=UTC), catchup=False):
    first = NothingOperator(task_id="pull_activities", answer=[["all"]])
    second = NothingOperator.partial(task_id="pull_events").expand(shard=first.output)
    third = NothingOperator(task_id="plan", answer=[])
    fourth = NothingOperator.partial(task_id="upsert_events").expand(shard=third.output)
    fifth = NothingOperator.partial(task_id="upsert_activities").expand(shard=third.output)
    first >> second >> third >> fourth >> fifth >> NothingOperator(task_id="close", trigger_rule=TriggerRule.ALL_DONE)
