"""A thousand recordings and 250 slots: the real governor, its service and its machine played."""
