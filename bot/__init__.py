"""Paper Digest Bot: arXiv's daily announcement in Discord channels, each paper exactly once.

A ten-line tour. Read `pipeline.py` first: it is the whole story on one page. What arXiv sends is
parsed in `arxiv/` (pure; only `arxiv/client.py` touches the network), made readable in `text/`,
judged and stored by `intake/` and kept by `store/` (the only place with SQL). A query (`query/`)
is both a search and a topic. `digest/` says what a channel gets, `planning/` reads what it is
decided from, `ui/` makes Discord payloads of it, `delivery/` sends them exactly once. `cogs/` are
the slash commands. `run/` builds the parts and keeps them alive, as the bot or as the demo in a
browser; `cli/` is the command line.
"""

__version__ = "0.2.0"
