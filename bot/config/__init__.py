"""Settings and starter topics: what may be set, where it is read from, what is wrong with it.

From outside: `schema` (the settings) and `starters` (topics that admins can pick from).
"""
