"""The definition of an experiment, and what can be asked for.

- `budget`: How long runs are: the milestones at which predictions are kept, and horizons that double.
- `command_line`: The command line that repeats an experiment, for the report and after a single run.
- `definition`: The definition of an experiment: every choice that can change a number, validated and frozen.
- `folds`: Folds: what a definition says where every image is a test image.
- `named_paths`: Paths that a definition records and a person has named: nothing else outside is read.
- `network_files`: The files of a network in a definition: what they hold, where they lie, who has named them.
- `networks`: Which network: what `Training.model` and `Training.weights` may be, told without loading Keras.
- `nouns`: What one run and one outcome are called: seeds, or fits and repeats.
- `options`: The options that change a definition: one table for the command line, `augexp.define` and the report.
- `plan`: What is compared, how often, and what counts as a difference: what a verdict rests on.
- `replications`: Published tables that can be repeated: what they say, what they claim, their definitions.
- `screening`: Many policies in two stages: a screening that only ranks them, and a confirmation of the best.
- `source_kinds`: Which images a definition can name: what is known of each source before an image is read.
- `sources`: Which images: the `data` section of a definition, and the sources that it can name.
- `studies`: Studies of one policy: which of its operations matter, and how strong it should be.
- `training`: Which network and which budget: the `training` section of a definition.
"""
