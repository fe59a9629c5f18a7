"""What a topic would bring, tried on the archive before it is saved.

From outside: `trials` reads the past and tries topics on it; the counting itself is
`bot.digest.trial`.
"""
