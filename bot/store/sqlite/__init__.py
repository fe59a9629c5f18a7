"""SQLite itself: open, migrate, read, write, check. Knows nothing of papers or digests.

From outside: `database` (also for `check` and the process) and `maintenance`; `migrations` holds
the schema.
"""
