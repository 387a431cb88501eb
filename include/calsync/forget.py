"""`python -m include.calsync.forget`: the command's name. What it does, it does as one of the scripts."""

import sys

from include.scripts.forget import main

if __name__ == "__main__":
    sys.exit(main())
