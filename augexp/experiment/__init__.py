"""The definition of an experiment, and what can be asked for.

- `command_line`: The command line that makes an experiment again, for the report.
- `definition`: The definition of an experiment: every choice that can change a number, validated and frozen.
- `plan`: What is compared, how often, and what counts as a difference: the part of a definition that a verdict.
- `screening`: Many policies in two stages: a screening that only ranks them, and a confirmation of the best.
- `sources`: Which images: the `data` section of a definition, and the sources that it can name.
- `studies`: Studies of one policy: which of its operations matter, and how strong it should be.
"""
