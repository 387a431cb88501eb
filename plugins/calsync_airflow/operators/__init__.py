"""One operator per step of a run; and what those have in common that work on one shard: some accounts, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator

NAMED_COUNT = 3
LONGEST_NAME = 250
"""Of a mapped task in Airflow's database, in characters."""
NAMES = "{{ task.names }}"
"""The `map_index_template` to map a ShardOperator with: then its tasks carry names, and no numbers."""


class ShardOperator(BaseOperator):
    """Works on the accounts of one shard.

    :param sync_run_id: the run
    :param shard: names of the accounts
    """

    template_fields: Sequence[str] = ("sync_run_id", "shard")

    def __init__(self, *, sync_run_id: str, shard: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sync_run_id = sync_run_id
        self.shard = shard

    @property
    def names(self) -> str:
        """The first accounts by name, and how many more there are."""
        more = len(self.shard) - NAMED_COUNT
        named = ", ".join(self.shard[:NAMED_COUNT]) or "no account"
        return f"{named} and {more} more"[:LONGEST_NAME] if more > 0 else named[:LONGEST_NAME]
