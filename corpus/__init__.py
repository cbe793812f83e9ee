"""The corpus: documents of our own making whose every figure is known, and the generator that makes more of them."""
