"""From the records of runs to one `Comparison`: pairs, intervals, verdicts.

- `comparison`: From the records of an experiment to its answer, and how many seeds the plan asks for.
- `contrast`: One arm against the baseline: estimate, intervals, verdict and the sentence of record.
- `critical_values`: How far an interval reaches: by the rule with which the number of seeds was decided.
- `gains`: When it pays: the paired difference of validation accuracy over the epochs.
- `learning_curves`: The course of the runs over the epochs, as arrays: what the curves draw and ``runs.csv`` lists.
- `metrics`: More than accuracy: log loss, Brier score, calibration, accuracy per class, confusion matrices.
- `paired_runs`: The runs of a comparison, checked and laid side by side: same images, same budget, same blocks.
- `power`: What to buy next: how the interval for new images narrows with more seeds and with more test images.
- `sample_splitting`: The two halves of a test set: on one of them policies are screened, on the other the best.
- `schema`: The answer as a value: what ``comparison.json`` holds and every table, figure and page is made from.
- `statistics`: The statistics of a comparison as functions of plain arrays.
- `trend`: Is stronger better? One slope over the strengths of a policy, in place of every pair of them.
- `verdict`: From an interval to words: one interval [L, U] against a region of practical equivalence ±r.
- `warnings`: What a reader must know with the answer: warnings, changes of the plan, the machine, the source in.
- `wording`: How numbers are written for people, in every sentence, table and figure.
"""
