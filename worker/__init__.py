"""The service: when, where and how often a document is converted; never what a number means."""
