"""Questions under Airflow's Required Actions: one about a hold that was decided on the page ends there, too."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from fastapi import HTTPException
from sqlalchemy import select

from calsync_airflow.operators.holds import APPROVE, REJECT
from calsync_airflow.web.access import APPROVE as DAG_ID


def answer(hold_id: int, *, approve: bool, user: BaseUser) -> None:
    """Answer what is asked about the hold, as this person, by Airflow's own way. Somebody else may have been faster."""
    payload = UpdateHITLDetailPayload(chosen_options=[APPROVE if approve else REJECT], params_input={})
    with create_session(scoped=False) as session:
        asked = select(TaskInstance.run_id, TaskInstance.task_id, TaskInstance.map_index)
        about: Any = TaskInstance.rendered_map_index
        mine = TaskInstance.dag_id == DAG_ID, about == f"hold {hold_id}"
        query = asked.join(HITLDetail, HITLDetail.ti_id == TaskInstance.id)
        for run_id, task_id, map_index in session.execute(query.where(*mine, HITLDetail.responded_at.is_(None))).all():
            try:
                update_hitl_detail(DAG_ID, run_id, task_id, payload, user, session, map_index)
            except HTTPException as error:
                if error.status_code not in (404, 409):
                    raise
