"""What a channel gets: `select` decides, `build` assembles, `export` writes files. All pure.

`models` has the nouns of subscriptions and digests, `messages` those of their delivery.
`zones` reads time zones.
"""
