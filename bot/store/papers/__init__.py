"""Papers and their listings, one by one, by the day and in bulk. From outside: `papers`, `bulk`."""
