"""Every route of the running product with values that break programs; none of them may fail inside."""
