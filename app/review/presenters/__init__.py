"""What does the page of a call say, and to whom? Pure functions from a CallScreen to what the templates print."""
