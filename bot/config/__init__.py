"""Settings and starter topics: what may be set, where it is read from, what is wrong with it.

From outside: `schema` (the settings), `sources` (`load_config`), `token` (`read_token`) and
`starters` (topics that admins can pick from); `messages` says what is wrong with a setting.
"""
