"""One operator per step of a run."""
