"""What each command does, as functions that return values.

- `compare`: Executing what a plan still asks for: which engine, which runs, until when.
- `report`: The answer of a results folder: computed from the records, written down once, made again from what is.
- `status`: Looking into a results folder: how it stands, whether it comes out again, and handing it to trackers.
- `verify`: Execute a finished run once more and say whether it comes out bit by bit as recorded.
"""
