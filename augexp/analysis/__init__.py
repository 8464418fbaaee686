"""From the records of runs to one `Comparison`: pairs, intervals, verdicts.

- `budget`: Automatic budgets: how far runs go, at which epoch an arm is judged, what equal budgets give.
- `comparison`: Compute the `Comparison` of an experiment from the records of its runs.
- `contrast`: One arm against the baseline: estimate, intervals, verdict and the sentence of record.
- `critical_values`: The critical values of intervals, by the rule with which the number of seeds was decided.
- `declared`: Runs that somebody else trained: what was declared about them, arms whose seeds are no pairs.
- `folds`: Cross-validated runs: every image is a test image, once in every repeat.
- `groups`: Images that belong to groups: patients, cameras, houses.
- `learning_curves`: The metrics of the runs over the epochs, and the paired gain by epoch.
- `looks`: How many seeds the plan asks for, and which seeds count.
- `measures`: Measures of a whole run that rank or count predictions: AUROC, average precision, F1, sensitivity.
- `metrics`: More than accuracy: log loss, Brier score, calibration, accuracy per class, confusion matrices.
- `paired_runs`: Pair the runs of a comparison by seed and check that a pair differs in its policy alone.
- `power`: How the interval for new images narrows with more seeds and with more test images.
- `replication`: A published table repeated: arms at each budget, claims, the best of many epochs.
- `sample_splitting`: The two halves of a test set: on one of them policies are screened, on the other the best.
- `schema`: The models of a comparison: what ``comparison.json`` holds.
- `settings`: What all contrasts of a comparison have in common, and whether anything may be claimed.
- `statistics`: The statistics of a comparison as functions of plain arrays.
- `trend`: The slope of the primary metric over the strengths of a policy.
- `values`: The values that the models of a comparison are made of: intervals, counts, measures.
- `verdict`: The verdict of an interval [L, U] against a region of practical equivalence ±r.
- `warnings`: What stands beside an answer: warnings, and what was changed in the plan.
- `wording`: Verdicts and sentences of record that are stored in a comparison; how numbers are written for people.
- `worth`: What augmentation is worth in photos, from the records of runs at several sizes.
"""
