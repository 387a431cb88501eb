#!/usr/bin/env bash
# Makes .venv hold exactly what requirements-dev.txt locks. Changes nothing outside the checkout; does nothing when up to date.
#
# PYTHON            the interpreter to use (default: the first of python3, python3.13, python3.12, python3.11 that is 3.11 or newer)
# UV_CACHE_DIR      where uv keeps downloads (default: inside the checkout)
# CALSYNC_LOCK      the lock to install (default: requirements-dev.txt; production needs requirements.txt only)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

lock=${CALSYNC_LOCK:-requirements-dev.txt}
stamp=.venv/.calsync-lock # in .venv, so that they go together
export UV_CACHE_DIR=${UV_CACHE_DIR:-$PWD/.calsync/cache/uv} UV_PYTHON_DOWNLOADS=never
unset VIRTUAL_ENV PYTHONPATH PYTHONHOME

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# A name on PATH proves nothing (version managers put shims there), so each candidate is run.
suitable() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        suitable "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.11 or newer"
        printf '%s' "$PYTHON"
        return
    fi
    for name in python3 python3.13 python3.12 python3.11; do
        if suitable "$name"; then printf '%s' "$name"; return; fi
    done
    fail "no Python 3.11 or newer found: install one, or name it: make setup PYTHON=/path/to/python3"
}

# uv from PATH, else one of our own at the locked version, its hash checked.
find_uv() {
    if uv --version >/dev/null 2>&1; then printf 'uv'; return; fi
    local tools=.calsync/tools
    if ! "$tools/bin/uv" --version >/dev/null 2>&1; then
        rm -rf "$tools"
        "$1" -m venv "$tools" >&2 || fail "'$1 -m venv' does not work: install the venv package of your system's Python (Debian: python3-venv)"
        sed -n '/^uv==/,/[^\\]$/p' requirements-dev.txt > "$tools/uv.txt"
        "$tools/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes -r "$tools/uv.txt" >&2 \
            || fail "could not install uv with pip: see the lines above"
    fi
    printf '%s' "$tools/bin/uv"
}

wanted="$lock $(cksum < "$lock")"
version='import sys; print(*sys.version_info[:3])'

current() { suitable .venv/bin/python && { [ -z "${PYTHON:-}" ] || [ "$("$PYTHON" -c "$version")" = "$(.venv/bin/python -c "$version")" ]; }; }

if current && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

started=$SECONDS
mkdir -p .calsync
python=$(find_python)
uv=$(find_uv "$python")
if ! current; then
    rm -rf .venv
    "$uv" venv --quiet --python "$("$python" -c 'import sys; print(sys.executable)')" .venv
fi
rm -f "$stamp"
printf 'setup: installing %s (about 300 packages, 1.6 GB; minutes on the first run)\n' "$lock" >&2
"$uv" pip sync --quiet --python .venv/bin/python --require-hashes "$lock"
"$uv" pip check --quiet --python .venv/bin/python
printf '%s\n' "$wanted" > "$stamp"
printf 'setup: done in %s s\n' $((SECONDS - started)) >&2
