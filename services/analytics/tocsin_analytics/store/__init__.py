"""Tables, the repository of facts, and the queries of figures: the only SQL of this service."""
