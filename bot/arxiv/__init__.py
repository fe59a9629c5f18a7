"""What arXiv says: identifiers, categories, calendar and the parsers of its interfaces.

Everything here is pure except `client`, the only module that talks to arXiv.
"""
