"""Asks arXiv and others, judges what comes back and stores it.

From outside: `ask` (today's listings), `enrich` (links that others name), `revisit` (what became of
posted papers), `importing` and `backfill` (history). `judge` says what an answer means, `schedule`
when to ask; both are pure.
"""
