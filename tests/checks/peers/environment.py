"""The peers' own environment, `.calsync/peers`: made of `requirements.txt` beside this file, and of nothing else.

That lock is resolved from `requirements.in` as the project's own locks are (include/scripts/lock.sh), by
`uv pip compile --generate-hashes --universal --python-version 3.11 requirements.in -o requirements.txt`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOCK = Path(__file__).with_name("requirements.txt")
FOLDER = ROOT / ".calsync" / "peers"


def python() -> Path:
    """The interpreter of the peers' environment, which is made first where it is missing or of another lock.

    Raises subprocess.CalledProcessError if uv can't make it; it has said why.
    """
    interpreter, stamp = FOLDER / "bin" / "python", FOLDER / ".lock"
    wanted = f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()} {sys.version}"
    if interpreter.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return interpreter
    print(f"peers: installing {LOCK.relative_to(ROOT)} into {FOLDER.relative_to(ROOT)}", file=sys.stderr, flush=True)
    cache = os.environ.get("UV_CACHE_DIR", str(ROOT / ".calsync" / "cache" / "uv"))
    left_out = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    environment = kept | {"UV_CACHE_DIR": cache, "UV_PYTHON_DOWNLOADS": "never"}
    uv = [str(Path(sys.executable).with_name("uv")), "--quiet"]
    of_peers = ["--python", str(interpreter), "--require-hashes", str(LOCK)]
    subprocess.run([*uv, "venv", "--clear", "--python", sys.executable, str(FOLDER)], check=True, env=environment)
    subprocess.run([*uv, "pip", "sync", *of_peers], check=True, env=environment)
    stamp.write_text(wanted, encoding="utf-8")
    return interpreter
