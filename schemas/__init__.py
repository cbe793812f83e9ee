"""The promise: what goes out, and the arithmetic that anyone can repeat on it."""

__version__ = "0.1.0"
