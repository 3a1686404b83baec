"""The error for data and settings that cannot be used."""


class InputError(ValueError):
    """Data or settings that cannot be used; the message says why."""
