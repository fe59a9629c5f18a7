"""Sends what is planned, exactly once, and tells people when something went wrong.

From outside: `worker` (claims, sends, recovers), `edge` with its `trace` (all that speaks to
Discord), `reconcile` (settles what a restored backup forgot), `amend` and `edits` (what posted
messages should say by now, and their edits) and `notices` (tells admins and the host). The rest is
its own: `outcome` (a table of what answers mean), `fingerprint` (how a posted message is
recognised), `posts` (the same for forums), `window` (how long a try may be repeated), `history`,
`lanes`.
"""
