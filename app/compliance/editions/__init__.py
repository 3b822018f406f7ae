"""By which rules and phrases calls are judged: whole editions, drafts of changes, publication and going back."""
