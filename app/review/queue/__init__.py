"""Which call should be heard next, and who has it: the order of the queues, claims, skips and assignment."""
