"""Small real data sets for notebooks, read from installed packages and never from the network."""

__all__: list[str] = []
