#!/usr/bin/env bash
# Resolves requirements*.in into requirements*.txt: one lock for every platform and for Python 3.11 and newer, with hashes.
# Arguments go to uv, for example --upgrade or --upgrade-package pandas.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Stands in for Airflow's constraints files: all packages as they were when Airflow 3.3.2 had just appeared, so that its
# dependencies are the releases it was tested with. Move it when Airflow moves.
as_of=2026-09-18

export UV_CUSTOM_COMPILE_COMMAND="make lock" UV_CACHE_DIR=${UV_CACHE_DIR:-$PWD/.calsync/cache/uv}
uv=.venv/bin/uv
options=(--quiet --generate-hashes --universal --python-version 3.11 --exclude-newer "$as_of" --no-emit-index-url)

"$uv" pip compile "${options[@]}" "$@" requirements.in -o requirements.txt
"$uv" pip compile "${options[@]}" "$@" requirements-dev.in -c requirements.txt -o requirements-dev.txt
"$uv" pip compile "${options[@]}" "$@" requirements-cluster.in -c requirements.txt -o requirements-cluster.txt
