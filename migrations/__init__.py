"""How the schema came to be: Alembic migrations, numbered and named by effect."""
