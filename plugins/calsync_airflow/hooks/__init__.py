"""Airflow connections -> clients and store."""
