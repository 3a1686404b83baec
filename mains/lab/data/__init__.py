"""Where data come from, how they are scaled, and how batches are made."""
