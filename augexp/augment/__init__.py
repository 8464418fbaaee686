"""Augmentation: policies as data, and their application to batches."""
