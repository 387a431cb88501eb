"""`make demo`: a sample company on two local services, synced by a local Airflow."""
