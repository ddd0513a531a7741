"""What the product costs: every figure on SQLite and on PostgreSQL, in one run (docs/reference/benchmarks.md)."""
