"""The error that a user can mend."""


class InputError(ValueError):
    """Data or settings that cannot be used; the message says what mends it."""
