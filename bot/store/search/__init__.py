"""The search engine over the archive: one index, one way to ask it.

From outside: `search` only. `find` answers a search, `daily` matches topics against one day,
`advice` says why nothing was found, `index` writes the index.
"""
