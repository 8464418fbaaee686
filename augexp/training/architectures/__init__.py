"""From what a definition names to a network that can be trained: built in, of keras.applications, or the user's own.

- `applications`: Networks of keras.applications, without their heads, from images in [0, 1] to features.
- `base`: The network that a definition names, complete: what is trained, what is frozen, what every seed starts from.
- `build_errors`: Errors of other people's code as one line that says what was tried and what went wrong.
- `ends`: From what a network returns to logits: pooling, a head, or the logits that it ends in already.
- `python_file`: A network that a function in a user's Python file builds.
- `saved_file`: A network that Keras has saved, loaded without executing what it may hold.
- `weight_origins`: Which weights are drawn anew for every seed, and which have values to return to.
"""
