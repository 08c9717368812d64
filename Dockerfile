# The image that Airbyte runs: the base image, the locked production packages, the connector, and nothing else.
#
#   docker build --tag airbyte/destination-pinterest:0.1.0 .
#
# And, for those without Airbyte, the image of the command line, with its own packages on top:
#
#   docker build --target cli --tag pinterest-audiences:0.1.0 .
#
# Where packages come from an index of one's own, the environment's PIP_INDEX_URL is handed over by name, and stays behind
# with the first stage: --build-arg PIP_INDEX_URL (PIP_EXTRA_INDEX_URL and PIP_TRUSTED_HOST likewise).
#
# The base is the one that metadata.yaml names; a test keeps the two equal. No step needs the network at run time, and
# nothing is written at run time but by a membership store into TMPDIR, so a read-only root file system will do (with a
# store: and a writable /tmp).

ARG BASE_IMAGE=docker.io/airbyte/python-connector-base:4.1.0@sha256:1d1aa21d34e851df4e8a87b391c27724c06e2597608e7161f4d167be853bd7b6

FROM ${BASE_IMAGE} AS packages
USER root
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1
# An environment without pip of its own: pip of the base image fills it, and stays behind.
RUN python -m venv --without-pip /opt/connector
WORKDIR /build
# The lock alone first, so that a change of code does not download anything again. The tests that packages bring along are
# a fifth of everything.
COPY requirements/production.txt requirements/production.txt
RUN python -m pip --python /opt/connector/bin/python install --quiet \
    --require-hashes --requirement requirements/production.txt \
    && find /opt/connector/lib -type d -name tests -prune -exec rm -r {} +

FROM packages AS cli-builder
COPY requirements/cli.txt requirements/cli.txt
RUN python -m pip --python /opt/connector/bin/python install --quiet \
    --require-hashes --requirement requirements/cli.txt \
    && find /opt/connector/lib -type d -name tests -prune -exec rm -r {} +
COPY setup.py pyproject.toml README.md LICENSE ./
COPY destination_pinterest destination_pinterest
COPY pinterest_audiences pinterest_audiences
COPY pinterest_page pinterest_page
RUN python -m pip --python /opt/connector/bin/python install --quiet --no-deps --no-build-isolation . \
    && rm /opt/connector/bin/pinterest-sandbox \
    && python -m pip --python /opt/connector/bin/python uninstall --quiet --yes setuptools

# What is written lies in /state: profiles, history, and what a project remembers. It is a volume's place; everything else
# may be read-only. The user is a number, since Kubernetes can tell only of a number that it is not root.
FROM ${BASE_IMAGE} AS cli
USER root
RUN mkdir -p /state /project && chown 1000:1000 /state
COPY --from=cli-builder /opt/connector /opt/connector
ENV PATH=/opt/connector/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PINTEREST_AUDIENCES_HOME=/state HOME=/state
LABEL org.opencontainers.image.title=pinterest-audiences org.opencontainers.image.version=0.1.0
WORKDIR /project
VOLUME ["/state"]
USER 1000:1000
ENTRYPOINT ["/opt/connector/bin/pinterest-audiences"]
CMD ["--help"]

# The connector's own image comes last: it is what a build without --target makes. The sandbox and the command line lie in
# the same distribution and are not copied, so they are not packaged. The commands that need extras which are not
# installed here go as well, and so does the build tool.
FROM packages AS builder
COPY setup.py pyproject.toml README.md LICENSE ./
COPY destination_pinterest destination_pinterest
RUN python -m pip --python /opt/connector/bin/python install --quiet --no-deps --no-build-isolation . \
    && rm /opt/connector/bin/pinterest-audiences /opt/connector/bin/pinterest-sandbox \
    && python -m pip --python /opt/connector/bin/python uninstall --quiet --yes setuptools

FROM ${BASE_IMAGE}
COPY --from=builder /opt/connector /opt/connector
ENV PATH=/opt/connector/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# The platform runs $AIRBYTE_ENTRYPOINT in a shell and never looks at ENTRYPOINT; people with `docker run` need the other.
ENV AIRBYTE_ENTRYPOINT=/opt/connector/bin/destination-pinterest
LABEL io.airbyte.name=airbyte/destination-pinterest io.airbyte.version=0.1.0
WORKDIR /airbyte
USER airbyte
ENTRYPOINT ["/opt/connector/bin/destination-pinterest"]
