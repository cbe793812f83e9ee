"""The reading: bytes to a Filing. Pure functions; the modules are the stages of the flow, in order."""
