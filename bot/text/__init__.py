"""Pure string functions: TeX, HTML, Markdown and links. Strings in, strings out."""
