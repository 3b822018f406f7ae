"""Findings of all calls: which are open, what one rests on, and what people decided about them."""
