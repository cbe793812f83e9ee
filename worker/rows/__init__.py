"""The rows themselves: what tables there are (``tables``), and how an older database becomes one of today."""
