"""The query language: text to tree (`parser`), tree to FTS5 and SQL conditions (`compile`)."""
