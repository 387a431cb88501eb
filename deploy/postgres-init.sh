#!/usr/bin/env bash
# Run once by the postgres image, when its volume is empty: calsync's own database beside Airflow's.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -v password="$CALSYNC_DB_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE calsync LOGIN PASSWORD :'password';
CREATE DATABASE calsync OWNER calsync;
SQL
