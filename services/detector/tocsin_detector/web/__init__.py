"""The pages under /alerts."""
