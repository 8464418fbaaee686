"""From one `Comparison` to what people look at.

- `blocks`: What a report page is made of: plain values that the template lays out.
- `charts`: What the pictures show, taken from a comparison and its records once: the figures and the report both.
- `figures`: The figures of a comparison as files: ``curves-<arm>``, ``comparison`` and ``unique-images``, PNG and.
- `formats`: The forms in which a comparison and its runs are written down.
- `page`: The report's page, section by section, from a comparison, its records and the photos.
- `palette`: Colours that colour-blind readers can tell apart, one per arm, and the tone of each verdict.
- `panels`: The parts that the figures are put together from, each drawn into one matplotlib axes.
- `photos`: Photos inside the report: encoded into the page, and the test images that an arm wins or loses.
- `plates`: The three kinds of figures as matplotlib figures, at the width of a README (900 pixels), and their files.
- `preview_sheets`: Preview sheets: what a policy does to pictures, and how strong its operations are.
- `previews`: Sheets of an experiment's own images: what its arms do to them, and how strong the operations are.
- `sheet_files`: Write a sheet of pictures as PNG, as SVG or as a page of its own.
- `summary`: The tables of a comparison, the same in the terminal, the report, Markdown, CSV and LaTeX.
- `svg`: Small vector charts for the report: scales, axes, lines, bands and dots as inline SVG.
- `svg_charts`: The report's charts as SVG: the verdict, the curves, the gain by epoch and the unique images.
- `tables`: Tables of a comparison as values, and the forms they are written in.
- `terminal`: The answer at the width of a terminal: two tables that fit into 80 columns where names are short.
- `trackers`: Hand the runs and the comparison to an experiment tracker: TensorBoard or MLflow.
- `wording`: The sentences, labels and names with values that are shown of a comparison.
- `write`: The answer in the forms that people pass on: one self-contained HTML page, Markdown, CSV, LaTeX and JSON.
"""
