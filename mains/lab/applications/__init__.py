"""What the applications compute, as functions of arrays and of models."""
