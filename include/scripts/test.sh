#!/usr/bin/env bash
# Everything CI runs. All checks run even if one fails. Arguments go to pytest, whose closing line comes last;
# the soak is left out then.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/.venv/bin:$PATH" PYTHONPATH="$PWD:$PWD/plugins"
# A killed run leaves no server behind: what is below this process is ended with it.
if [ "${1:-}" != --supervised ]; then
    exec python -m include.scripts.supervised bash include/scripts/test.sh --supervised "$@"
fi
shift
trap 'exit 130' INT # else the next check begins
failed=()

check() {
    local name=$1 started=$SECONDS
    shift
    printf '== %s\n' "$name"
    "$@" || failed+=("$name")
    printf '   %s: %s s\n' "$name" $((SECONDS - started))
}

# Types take minutes at first: they are checked beside the rest, and shown when that is through.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
mypy --no-error-summary >"$said" 2>&1 &
types_pid=$!
types() {
    wait "$types_pid"
    local code=$?
    cat "$said"
    return $code
}

check lint ruff check --quiet .
check format ruff format --quiet --check .
check imports lint-imports --no-logo
if [ $# -eq 0 ]; then
    check chromium python -m include.scripts.chromium
    # Always the same seed, so that a red run is red for the change; `make soak` draws its own.
    check soak python -m tests.laws.soak --minutes 0.2 --seed 1 --steps 15
fi
check types types
browser() {
    pytest tests/browser >"$said" 2>&1
    local code=$?
    printf '\n== browser\n'
    cat "$said"
    return $code
}
browser_pid=
if [ $# -eq 0 ]; then
    # In one process, beside the others: each process would start the servers that the browser asks for itself.
    browser &
    browser_pid=$!
    set -- --ignore=tests/browser
fi
printf '== tests\n'
# More than two cores have: much of the time is waiting for servers that start, and for time-outs.
pytest --numprocesses=3 --dist=worksteal --durations=10 "$@" || failed+=(tests)
[ -z "$browser_pid" ] || wait "$browser_pid" || failed+=(browser)

if [ ${#failed[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failed[*]}" >&2
    exit 1
fi
