"""The page of a run: a template with its script and style sheet."""
