# The README's first command in a container:
#   docker build -t augexp . && docker run --rm augexp
# On photos of your own, with the results beside them:
#   docker run --rm -v "$PWD:/work" augexp compare my-photos/
FROM python:3.11-slim

RUN useradd --create-home augexp
COPY --chown=augexp pyproject.toml README.md LICENSE /home/augexp/source/
COPY --chown=augexp augexp /home/augexp/source/augexp
RUN pip install --no-cache-dir /home/augexp/source && rm -r /home/augexp/source

RUN install -d -o augexp /work
USER augexp
WORKDIR /work
ENV AUGEXP_DATA_DIR=/work/data AUGEXP_RESULTS_DIR=/work/results
ENTRYPOINT ["augexp"]
CMD ["compare"]
