"""calsync's Airflow side: connections become clients, tasks call one use case each."""

TAG = "calsync"
"""Of all our DAGs."""
RUN_NOTE = "note"
"""XCom key under which task close leaves what the run's note is to say."""
