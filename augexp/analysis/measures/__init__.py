"""Measures of a whole run that rank or count predictions: AUROC, average precision, F1, sensitivity.

- `ranking`: The measures as functions of plain arrays.
- `table`: These measures in both arms of a contrast, with their intervals.
"""
