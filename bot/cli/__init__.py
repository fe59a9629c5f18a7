"""The command line: arguments, commands, output. From outside: `main`."""
