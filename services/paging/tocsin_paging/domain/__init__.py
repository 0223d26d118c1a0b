"""What paging decides, as values and pure functions: rotations, overrides, policies, escalations, pages."""
