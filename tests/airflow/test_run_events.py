"""Other DAGs start on our runs: an event of an asset after each that synced an account, green or red."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.airflow.test_runs import Company, Outcome, account, company, run

__all__ = ["company", "run"]  # fixtures
Run = Callable[..., Outcome]


@pytest.fixture
def started(airflow_database: None) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """A DAG of somebody's that starts on the asset; what it was told since then: events' extras, with their source."""
    from airflow.dag_processing.collection import update_dag_parsing_results_in_db
    from airflow.models.asset import AssetDagRunQueue, AssetEvent, AssetModel
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.sdk import DAG, Asset
    from airflow.serialization.serialized_objects import DagSerialization, LazyDeserializedDAG
    from airflow.utils.session import create_session
    from sqlalchemy import delete, select

    reader = DAG("reader", schedule=[Asset("calsync_runs")], is_paused_upon_creation=False)
    with create_session() as session:
        session.merge(DagBundleModel(name="testing"))
        session.flush()
        lazy = LazyDeserializedDAG(data=DagSerialization.to_dict(reader))
        update_dag_parsing_results_in_db("testing", None, [lazy], {}, None, set(), session)
    with create_session() as session:
        known = set(session.scalars(select(AssetEvent.id)))
        waiting = set(session.scalars(select(AssetDagRunQueue.target_dag_id)))

    def told() -> list[dict[str, Any]]:
        with create_session() as session:
            query = select(AssetEvent).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
            found = session.scalars(query.where(AssetModel.name == "calsync_runs").order_by(AssetEvent.id))
            return [{**each.extra, "from": each.source_dag_id} for each in found if each.id not in known]

    yield told
    with create_session() as session:
        queued = session.scalars(select(AssetDagRunQueue.target_dag_id)).all()
        assert set(queued) - waiting <= {"reader"}
        for table in (AssetDagRunQueue, AssetEvent):
            session.execute(delete(table))
        session.execute(delete(DagModel).where(DagModel.dag_id == "reader"))


def test_green_runs_are_told_with_their_totals(company: Company, run: Run, started: Callable[[], Any]) -> None:
    first = run()
    company.meeting()
    second = run()
    none = dict.fromkeys(("created", "updated", "deleted", "adopted", "held", "quarantined"), 0)
    common = {"accounts": {"ok": 1, "busy": 0, "failed": 0}, "activities": none, "from": "calendar_sync"}
    assert started() == [
        {**common, "sync_run_id": first.result["sync_run_id"], "events": none},
        {**common, "sync_run_id": second.result["sync_run_id"], "events": none | {"created": 1}},
    ]


def test_a_red_run_is_told_if_others_were_synced(company: Company, run: Run, started: Callable[[], Any]) -> None:
    ben = account("ben", pipedrive_user="ben@acme.example", google_user="ben@acme.example", google_conn_id="nowhere")
    company.sandbox.pipedrive.state.add_user("Ben", "ben@acme.example")
    company.accounts(account("anna"), ben)
    assert run().state == "failed"
    (event,) = started()
    assert event["accounts"] == {"ok": 1, "busy": 0, "failed": 1}
    assert "anna" not in str(event)


def test_runs_that_synced_nothing_are_not_told(company: Company, run: Run, started: Callable[[], Any]) -> None:
    company.accounts(account("anna", google_conn_id="nowhere"))
    assert run().state == "failed"
    company.accounts(account("anna"))
    assert run(dry_run=True).state == "success"
    company.accounts(account("anna", mode="sideways"))
    assert run().state == "failed", "it opened no run"
    assert started() == []


def test_without_a_reader_nothing_is_written(company: Company, run: Run) -> None:
    assert run().state == "success"
