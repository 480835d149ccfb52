"""What was accepted survives: the stores' state on disk, written whole or not at all."""
