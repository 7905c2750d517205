"""What was measured: pure functions from per-case tables to figures with intervals."""
