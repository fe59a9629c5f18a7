"""Paper Digest Bot: arXiv's daily announcement in Discord channels, each paper exactly once.

A ten-line tour. Read `pipeline.py` first: it is the whole story on one page. What arXiv sends is
parsed in `arxiv/` (pure; only `arxiv/client.py` touches the network), made readable in `text/`
and kept by `store/` (the only place with SQL). A query (`query/`) is both a search and a topic.
`digest/` decides what a channel gets, `ui/` makes Discord payloads of it, `delivery.py` sends
them exactly once. `cogs/` are the slash commands, `client.py` the Discord client, `jobs.py` the
ticker. `app.py` puts the parts together, `process.py` runs them, `cli.py` is the command line and
`demo.py` the bot in a browser.
"""

__version__ = "0.1.0"
