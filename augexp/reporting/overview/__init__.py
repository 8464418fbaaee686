"""Several comparisons on one page: one row each, all intervals on one axis, no claim across them.

- `chart`: The picture of all intervals.
- `page`: The page, and the other forms.
- `rows`: The rows of several comparisons, and their table.
"""
