"""What is shown of a published table that was repeated.

- `chart`: The published gains and what paired seeds say, on one axis.
- `page`: The page, and the other forms.
- `tables`: The tables of a replication as values.
- `words`: The sentences that stand beside them.
"""
