"""What each command does, as functions that return values.

- `answer`: The comparison of a results folder: computed from its records, published, read from there.
- `arrays`: Images and labels that are handed over in Python.
- `compare`: `augexp compare`: execute the runs that the plan still asks for, and answer.
- `define`: The experiment that SOURCE and changes to it mean.
- `download`: `augexp download`: LSUN archives, verified and unpacked.
- `estimate`: How long a comparison will take, said once its first steps have been timed.
- `export`: `augexp export` and `augexp export-policy`: results for experiment trackers, a policy for Keras.
- `index`: `augexp index`: prepare the images of a source.
- `judge`: `augexp judge` and `augexp plan`: runs that somebody else trained.
- `overview`: `augexp overview`: several answers on one page.
- `preview`: `augexp preview`: a sheet of images that shows what an arm does.
- `replicate`: `augexp replicate`: a published table repeated with paired seeds.
- `report`: `augexp report`: draw the answer of a results folder again, or give it as a table.
- `share`: A copy of a results folder to give away, without hosts, paths and photos.
- `status`: `augexp status`: which runs are done, running or failed, and the interval so far.
- `train`: `augexp train`: one run.
- `verify`: `augexp verify`: execute a finished run once more and say whether it comes out bit by bit as recorded.
- `worth`: `augexp worth`: what augmentation is worth in photos.
"""
