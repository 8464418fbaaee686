"""What is shown of images that belong to groups.

- `tables`: What each group gains, and the sentence about the two intervals.
- `words`: How many groups there are, where, and what was done about those that overlap.
"""
