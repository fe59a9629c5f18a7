"""Where links come from besides the paper's own text: today Hugging Face's daily papers.

From outside: `client` (the only file that asks the network). `huggingface` reads its answers.
"""
