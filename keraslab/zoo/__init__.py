"""Whole architectures, each a function that returns plain Keras models made of blocks."""

__all__: list[str] = []
