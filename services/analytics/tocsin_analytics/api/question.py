"""The query parameters that every figure takes, read into a Question."""

DEFAULT_DAYS = 30
