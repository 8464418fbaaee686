"""Measures of a whole run that rank or count predictions: AUROC, average precision, F1, sensitivity.

- `area`: The AUROC as a mean over the test images.
- `ranking`: The measures as functions of plain arrays.
- `table`: These measures in both arms of a contrast, with their intervals.
"""
