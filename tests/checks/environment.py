"""Environments of their own below `.calsync`, for what the project's own lock does not hold.

Their locks are resolved as the project's are (include/scripts/lock.sh), by
`uv pip compile --generate-hashes --universal --python-version 3.11 requirements.in -o requirements.txt`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def python(name: str, *locks: Path) -> Path:
    """The interpreter of the environment `.calsync/<name>`, which holds exactly what the locks say.

    It is made first where it is missing or of other locks. Raises subprocess.CalledProcessError if uv can't make it; it
    has said why.
    """
    folder = ROOT / ".calsync" / name
    interpreter, stamp = folder / "bin" / "python", folder / ".lock"
    wanted = f"{hashlib.sha256(b''.join(lock.read_bytes() for lock in locks)).hexdigest()} {sys.version}"
    if interpreter.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return interpreter
    what = ", ".join(str(lock.relative_to(ROOT)) for lock in locks)
    print(f"{name}: installing {what} into {folder.relative_to(ROOT)}", file=sys.stderr, flush=True)
    cache = os.environ.get("UV_CACHE_DIR", str(ROOT / ".calsync" / "cache" / "uv"))
    left_out = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    environment = kept | {"UV_CACHE_DIR": cache, "UV_PYTHON_DOWNLOADS": "never"}
    uv = [str(Path(sys.executable).with_name("uv")), "--quiet"]
    into = ["--python", str(interpreter), "--require-hashes", *map(str, locks)]
    subprocess.run([*uv, "venv", "--clear", "--python", sys.executable, str(folder)], check=True, env=environment)
    subprocess.run([*uv, "pip", "sync", *into], check=True, env=environment)
    stamp.write_text(wanted, encoding="utf-8")
    return interpreter
