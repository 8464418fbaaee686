"""What augmentation is worth in photos, as people look at it.

- `chart`: The learning curves of both arms.
- `tables`: The sizes, and what augmentation is worth in each seed.
- `write`: The page, the figure, and the other forms.
"""
