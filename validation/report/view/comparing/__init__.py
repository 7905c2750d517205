"""Sections of the change assessment: differences, what was found, what changed, pictures."""
