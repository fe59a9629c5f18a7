"""What others than arXiv know of a paper: links to code and project pages, if they can be had."""
