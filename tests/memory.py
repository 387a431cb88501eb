"""Where temporary files of tests are."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 2**30
"""Each of two servers logs up to 1 GB before it looks back."""


def use_memory() -> None:
    """Let temporary files be in memory from now on, those of child processes as well, if there is room.

    Stores are written through to the disk at each commit, and tests commit a million times. They kill processes, but
    pull no plug. Who sets TMPDIR decides for himself.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        return
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
