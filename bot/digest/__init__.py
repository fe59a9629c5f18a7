"""What a channel gets: `select` decides, `build` assembles, `export` writes files. All pure."""
