"""The HTTP door: FastAPI over the job rows. Only what serves imports ``app``; keys are looked after without it."""
