"""The command line: what may be typed (`arguments`), what it does (`commands`), what is printed.

From outside: `main.main`, which runs one command and returns its exit code.
"""
