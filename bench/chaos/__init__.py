"""Files dropped into a local cloud that is killed again and again, and what became of them."""
