"""What is shown of the facts under a comparison: the budget of the runs, the images.

- `words`: Names and values of the budget that was equal in every run, and of the images.
"""
