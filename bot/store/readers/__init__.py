"""What single people keep: the papers they saved, what they liked, where they read last.

Everything here is deleted at once when its person asks for it, or when the server it belongs to is
forgotten. From outside: `library`, `opinions`, `people`, `presence`, `tastes`, `received`,
`discussions`.
"""
