"""Measurements of the bot against its peers, each printed as a table of ratios."""
