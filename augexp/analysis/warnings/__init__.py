"""What stands beside an answer: warnings, and what was changed in the plan.

- `collect`: Which warnings stand beside an answer, and what was changed in the plan.
- `words`: The words of the warnings, and of changes of the plan.
"""
