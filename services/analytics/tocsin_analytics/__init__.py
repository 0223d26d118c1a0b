"""Analytics: facts from events, and what they say: how fast incidents are found, answered and ended."""
