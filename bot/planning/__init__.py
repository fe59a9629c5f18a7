"""Reads the store for what a digest is decided from, and decides. Plans and posts nothing.

From outside: `Decisions` (who gets which papers, and why), `due` (which digests are due) and
`known` (what is known of the days to come). `announced` holds one date as it was read.
"""
