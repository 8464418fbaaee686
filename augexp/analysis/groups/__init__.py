"""Images that belong to groups: patients, cameras, houses. The group, not the image, is what other data would bring.

Where groups differ, the images of one group are right or wrong together, and an interval that counts images as
independent is too short. So with groups the image term of every interval is that of groups.

- `gains`: What each group gains, and the interval that images alone would give.
- `grouping`: The image term by groups: which columns belong together, their weights, the two variances.
- `schema`: What is said of groups in an answer.
- `wording`: The words about groups that are stored with an answer.
"""
