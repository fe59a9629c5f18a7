"""Copies of the database: make one, find the newest, put one back and notice that it was.

From outside: `backup`, `copies` (which copies there are), `proof` (is one good) and `restored`
(what a put-back file must compare with the channels first).
"""
