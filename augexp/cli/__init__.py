"""The command line: parse, call `augexp.api`, print, exit code.

Exit codes: 0 done, 1 failed (one line on stderr that says what to do), 2 wrong usage, 130 interrupted.
The answer goes to stdout, progress and warnings to stderr. Nothing heavy is imported before a command
needs it, so that ``--help`` answers at once.

- `data`: `augexp download`, `augexp index`, `augexp preview`, `augexp export-policy`: images before training.
- `download`: What `augexp download` shows: the catalogue, the question before a large transfer, progress bars.
- `experiment`: `augexp compare` and `augexp train`: execute runs and say what they show.
- `judge`: `augexp judge`, `augexp plan`, `augexp overview`: runs trained elsewhere, several answers at once.
- `output`: What the commands print on stdout: the answer, a run, the prepared images, how things stand.
- `parameters`: Options that several commands take, and those of the definition, made from their table.
- `program`: The program `augexp`: its commands, each built when it is asked for, and its exit codes.
- `progress`: Progress on stderr: bars on a terminal, a line per finished run elsewhere.
- `replicate`: `augexp replicate`: a published table repeated with paired seeds.
- `results`: `augexp report`, `augexp status`, `augexp verify`, `augexp export`: what is in a results folder.
- `text`: Text from files, folders and servers, as it may reach a terminal.
- `worth`: `augexp worth`: what augmentation is worth in photos.
"""

from augexp.cli.program import app, main

__all__ = ["app", "main"]
