"""The pages of comms: the public status page and the team's own."""
