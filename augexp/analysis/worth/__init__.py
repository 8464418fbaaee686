"""What augmentation is worth in photos: the size of the training set at which a network without it is as good.

- `answer`: Compute the `Worth` from the records of all sizes.
- `censored`: Mean and interval of numbers of which some are only known to lie beyond an end of the grid.
- `curve`: The learning curve of one seed, and the size at which it reaches an accuracy.
- `runs`: The runs of one size: accuracies by seed, budgets, cost.
- `schema`: The models of the answer: what ``worth.json`` holds.
- `wording`: The words that are stored in the answer.
"""
