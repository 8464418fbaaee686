"""What is shown of runs that somebody else trained.

- `tables`: The tables that take the place of those of this program's own runs.
- `words`: Sentences, labels and names with values.
"""
