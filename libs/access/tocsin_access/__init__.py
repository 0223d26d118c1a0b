"""Who somebody is and what they may do: each service decides it from its own copy of the directory.

Tokens, sessions and internal tokens are signed or hashed with keys derived from `TOCSIN_SECRET_KEY`; people,
teams, tokens and ended sessions arrive on the topic `directory`. Nothing here asks another service while a
request waits, but for a token that the copy does not know yet.
"""
