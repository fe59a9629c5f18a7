"""Replay real announcement days through the production intake, against a loopback arXiv.

    python -m tests.replay --listings FILE --papers FILE [--faults SEED] [--days N] ...

Both files are JSON lines, plain or gzipped. A listing is ``{"date", "category", "items": [[id,
version, type], ...]}`` as a feed carried it, repeats of another day included; a paper is
``{"id", "title", "authors", "abstract", "categories", ...}``. A virtual clock walks through the
days; with ``--faults`` a seeded script makes arXiv's feeds, pages and query API lie, fail and
vanish; with ``--starts`` the categories are followed from days chosen at random; with
``--process`` the bot is a process of its own that is killed (SIGKILL) at random moments.

What is compared, at the end, for every category and date from the first one followed on:

- **missing**: announced papers that are not stored under their date;
- **misdated**: papers stored under a date on which the category did not announce them;
- **unannounced**: papers stored for a category that never announced them;
- **types**, **versions** and **order**: new, cross-list or replacement; the announced version, or
  "unknown" where only a page without versions told of the paper; arXiv's order in the listing;
- the gaps between requests, which are three seconds at least.

What arXiv truly announced (`truth`) is worked out from all feeds of all categories, without the
judge: a feed that repeats the one before it announces nothing; a list that surfaced late has the
date that the other categories give its papers; and where a feed never showed the list of a date,
the list is rebuilt from the papers that the other categories announced that day, and served by the
stand-in's catch-up page.

Exits with 1 unless all of it agrees.
"""
