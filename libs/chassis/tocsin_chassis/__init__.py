"""Puts one service together: routes, pages, consumers, timers and sendings, with health, metrics and a clean stop."""
