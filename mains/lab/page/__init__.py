"""The page of a run: its template, script and style sheet, and what fills it.
"""
