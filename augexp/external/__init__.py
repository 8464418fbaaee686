"""Runs that somebody else trained, from whatever holds their outcomes to one `Comparison`.

A table has one row for each run and test image: `arm, seed, image, label`, and what the network said of the image:
`predicted`, one probability `p_<class>` for each class, or `correct`. It is read piece by piece, and of each run and
image only a few numbers are kept, whatever the number of classes.

- `arrays`: Outcomes in memory: a pandas data frame, or a mapping of arrays.
- `checks`: What must hold between runs before any number is computed.
- `collector`: Collect the pieces of a table into runs, and check that these have the same images and labels.
- `declaration`: What is declared about the runs, and the plan that it becomes.
- `export`: Write the runs of this program as a table that `augexp judge` reads.
- `folds`: Cross-validated runs: rows say fold and repeat, and a repeat has the place of a seed.
- `judging`: Runs and what was declared about them become one `Comparison`.
- `npz`: One run in one `.npz` file.
- `outcomes`: Runs that take the place of those of this program.
- `parquet`: A table in a `.parquet` file.
- `plan_file`: A plan that is written down before the first run.
- `rows`: A piece of a table, and how its columns are read.
- `seeds`: Which runs count: by a plan, by a number that was fixed, or all of them.
- `sources`: Find the reader of a file, and the arm and seed of each file of a folder.
- `text_table`: A table in a `.csv` or `.tsv` file.
- `wording`: The words of warnings, statements and errors about declared runs.
"""
