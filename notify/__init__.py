"""Messages to people: what they say, how they travel, and that each travels once."""
