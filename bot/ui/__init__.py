"""How things look in Discord: embeds, messages, views and error sentences. No I/O."""
