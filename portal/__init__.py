"""The pages of everybody in the process: nominators, nominees, assessors, moderators, the board and operations."""
