"""Automatic budgets: how far the runs go, at which epoch each arm is judged, and what equal budgets would have given.

- `validation`: the validation metric of every arm and seed at the milestones;
- `horizon`: how far the runs go, decided on validation;
- `own_best`: the budget of every arm and seed, chosen on validation by the other seeds;
- `judged`: runs as they stood at their budget;
- `schema`: the models of budgets in a comparison;
- `equal`: the difference on test images at the same number of epochs in both arms;
- `equal_steps`: the same at about the same number of steps, where an arm has longer epochs;
- `words`: the words about such arms.
"""
