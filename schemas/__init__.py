"""The promise: what goes out, and the arithmetic that anyone can repeat on it."""
