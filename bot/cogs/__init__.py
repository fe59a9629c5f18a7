"""The slash commands, one module per group: read the options, call, reply."""
