"""Notifiers of ours, for alerts and for callbacks of any DAG."""
