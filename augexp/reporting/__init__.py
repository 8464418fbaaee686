"""From one `Comparison` to what people look at.

- `axes`: Each kind of chart drawn into one matplotlib axes.
- `blocks`: What a report page is made of: plain values that the template lays out.
- `budgets`: What is shown of automatic budgets: test images at equal budgets, and each arm's own one.
- `charts`: What the charts show, taken from a comparison and its records once, for files and page alike.
- `declared`: What is shown of runs that somebody else trained.
- `facts`: What is shown of the facts under a comparison: the budget of the runs, the images.
- `figures`: The charts of a comparison as files, PNG and SVG, and as SVG inside the page.
- `formats`: The forms in which tables, a comparison and its runs are written.
- `groups`: What is shown of images that belong to groups.
- `learned`: What is shown of policies that learn to make images.
- `overview`: Several comparisons on one page.
- `page`: The page of the report: a list of sections.
- `palette`: Colours that colour-blind readers can tell apart, of arms, verdicts, page and axes.
- `photos`: Photos inside the page: their encoding, preview sheets, images that an arm wins or loses.
- `preview_sheets`: Preview sheets of an experiment's own images: what its arms do, how strong the operations are.
- `replication`: What is shown of a published table that was repeated.
- `sheet_files`: Write a preview sheet as PNG, as SVG or as a page of its own.
- `tables`: The tables of a comparison as values.
- `templating`: Fill the templates of the report page and of the page of a preview sheet.
- `trackers`: Hand the runs and the comparison to an experiment tracker: TensorBoard or MLflow.
- `wording`: The sentences, labels and names with values that are shown of a comparison.
- `worth`: What augmentation is worth in photos, as people look at it.
- `write`: Write the files of a comparison: page, JSON with its schema, CSV.
"""
