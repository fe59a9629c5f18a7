"""Everything that is remembered, in one SQLite file. The only package that knows SQL.

No row, cursor or SQLite type leaves it: callers see the values of `bot.models` and `bot.digest`
and the errors of `bot.errors`. Each module covers one domain and keeps its SQL as text beside its
method.
"""
