"""What it means: acceptance criteria held against the evidence."""
