"""What calsync adds to Airflow's web server. Loaded by that server alone."""
