"""What was accepted survives: a journal of what changes the stores, and a snapshot of them."""
