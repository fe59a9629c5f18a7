"""Every message of every digest, its state and its history: nothing is sent that is no row here.

From outside: `outbox` (claim, finish; `plans` and `records` have its rows), `arrivals` (what became
of a paper), `edits` (what posted messages should say by now) and `troubles` (who must be told of
what).
"""
