"""The running bot: what builds the parts, keeps them alive and takes them down again.

From outside: `app` (the composition root), `process` (run until a signal), `demo` (the bot in a
browser), `check` (is everything in place?) and `probe` (the container's health check).
"""
