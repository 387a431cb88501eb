"""Whether proofs are carried out in whole (`make proofs`), or in samples, as in `make test`."""

from __future__ import annotations

import os

WHOLE = os.environ.get("HYPOTHESIS_PROFILE") == "long"
