"""Cross-validated runs: every image is a test image, once in every repeat.

- `critical_values`: The nominal probabilities of planned looks at repeats, and what holds at any number of repeats.
- `outlook`: How the interval narrows with more repeats and images, and what folds would give where there are none.
- `runs`: The fits of a comparison, put together into one outcome for every image and repeat.
- `schema`: The models of a comparison that are about folds.
- `variance`: The parts of the variance of a matrix of repeats and images.
- `wording`: The words that are stored with an answer about cross-validated runs.
"""
