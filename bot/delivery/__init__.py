"""Sends what is planned, exactly once, and tells people when something went wrong.

From outside: `worker` (claims and sends), `sender` (the edge to Discord), `reconcile` (settles what
a restored backup forgot) and `notices` (tells admins and the host).
"""
