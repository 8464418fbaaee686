"""`augexp worth`: what augmentation is worth in photos.

- `cost`: What it costs, said before it starts.
- `execute`: Execute the runs of all sizes, and answer.
- `publish`: Write the answer as files.
- `sizes`: Which sizes are trained, and the experiment of each.
"""
