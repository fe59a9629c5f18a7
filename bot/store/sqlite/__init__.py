"""SQLite itself: open, migrate, run work, check. Knows nothing of papers or digests.

From outside: `database` (the file; also for `check` and the process) and `maintenance`. In the
store: `executor` runs the work, `statements` reads rows; `migrations` holds the schema.
"""
