"""Who may see and do what: people, roles, tokens, sign-in, and the scope of every query."""
