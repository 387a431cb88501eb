"""Google Calendar v3 as a small, stateful server on loopback."""
