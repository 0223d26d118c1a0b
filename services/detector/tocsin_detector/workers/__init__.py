"""What runs by itself: the lanes, the expiry of alerts that are not told again, and the clearing of old deliveries."""
