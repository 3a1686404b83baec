"""What `check.py` is made of: evidence, confinement, reference, promises."""
