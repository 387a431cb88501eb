"""What a DAG run asks for, as it is kept with the run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from include.calsync.core.raw import Json


@dataclass(frozen=True)
class UploadOptions:
    """What `upload_unsynced_activities` is asked to bring over; dates are inclusive and in UTC."""

    direction: str = "to_google"
    due_from: date | None = None
    due_to: date | None = None
    types: list[str] | None = None
    include_done: bool = True


@dataclass(frozen=True)
class UndoOptions:
    """What `undo_sync_run` is asked to take back: the writes of a run, or of one link in it. `by`: who asks.

    `conflict_id`: an entry of the change log in which values lost: both sides get those instead, or that of
    `conflict_field` alone.
    """

    sync_run_id: str
    by: str
    link_id: int | None = None
    conflict_id: int | None = None
    conflict_field: str | None = None


@dataclass(frozen=True)
class RetireOptions:
    """What `retire_account` is asked for. `events`: `keep` or `remove` those that the sync made. `by`: who asks."""

    account: str
    events: str
    by: str


@dataclass(frozen=True)
class RunRequest:
    """What a DAG run asks for. `owner` names the Airflow run and try, for the leases.

    `interval`: of a backfill. `reconcile`: compare what is there (in the interval: what is dated in it) instead of what
    changed. `waiting_count`: runs of the same backfill that are still to come.
    """

    dag_id: str
    kind: str
    owner: str
    accounts: list[str] | None = None
    dry_run: bool = False
    full: bool = False
    interval: tuple[datetime, datetime] | None = None
    upload: UploadOptions | None = None
    reconcile: bool = False
    waiting_count: int = 0
    undo: UndoOptions | None = None
    retire: RetireOptions | None = None
    draft_id: int | None = None
    """Settings of an account that are tried out (dry runs only)."""

    @property
    def follows_cursors(self) -> bool:
        """Whether the run starts at the cursors and moves them: no backfill, reconcile, upload, undo or
        retirement does."""
        return self.syncs and self.interval is None and not self.reconcile

    @property
    def syncs(self) -> bool:
        """Whether the run brings together whatever differs; the others do what they are asked for alone."""
        return self.upload is None and not self.reaches_resting

    @property
    def reaches_resting(self) -> bool:
        """Whether the run may be about accounts that take part in no sync."""
        return self.undo is not None or self.retire is not None

    def to_json(self) -> Json:
        """As kept with the run."""
        out = asdict(self)
        out["interval"] = [at.isoformat() for at in self.interval] if self.interval else None
        if out["upload"]:
            for key in ("due_from", "due_to"):
                out["upload"][key] = out["upload"][key].isoformat() if out["upload"][key] else None
        return out

    @classmethod
    def from_json(cls, value: Json) -> RunRequest:
        """What `to_json` made."""
        interval, upload, undo = value["interval"], value["upload"], value.get("undo")
        if upload:
            dates = {key: date.fromisoformat(upload[key]) if upload[key] else None for key in ("due_from", "due_to")}
            upload = UploadOptions(**{**upload, **dates})
        span = (datetime.fromisoformat(interval[0]), datetime.fromisoformat(interval[1])) if interval else None
        undone = UndoOptions(**undo) if undo else None
        retire = RetireOptions(**value["retire"]) if value.get("retire") else None
        return cls(**{**value, "interval": span, "upload": upload, "undo": undone, "retire": retire})
