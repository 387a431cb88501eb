"""calsync's Airflow side: connections become clients, tasks call one use case each."""
