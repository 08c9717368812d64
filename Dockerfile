# The image that Airbyte runs: the base image, the locked production packages, the connector, and nothing else.
#
#   docker build --tag airbyte/destination-pinterest:0.1.0 .
#
# The base is the one that metadata.yaml names; a test keeps the two equal. No step needs the network at run time, and
# nothing is written at run time, so the image works with a read-only root file system.

ARG BASE_IMAGE=docker.io/airbyte/python-connector-base:4.1.0@sha256:1d1aa21d34e851df4e8a87b391c27724c06e2597608e7161f4d167be853bd7b6

FROM ${BASE_IMAGE} AS builder
USER root
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1
# An environment without pip of its own: pip of the base image fills it, and stays behind.
RUN python -m venv --without-pip /opt/connector
WORKDIR /build
# The lock alone first, so that a change of code does not download anything again.
COPY requirements/production.txt requirements/production.txt
RUN python -m pip --python /opt/connector/bin/python install --quiet \
    --require-hashes --requirement requirements/production.txt
# The sandbox lies in the same distribution and is not copied, so it is not packaged; the commands that need extras which
# are not installed here go as well.
COPY setup.py pyproject.toml README.md LICENSE ./
COPY destination_pinterest destination_pinterest
RUN python -m pip --python /opt/connector/bin/python install --quiet --no-deps --no-build-isolation . \
    && rm /opt/connector/bin/pinterest-audiences /opt/connector/bin/pinterest-sandbox

FROM ${BASE_IMAGE}
COPY --from=builder /opt/connector /opt/connector
ENV PATH=/opt/connector/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# The platform runs $AIRBYTE_ENTRYPOINT in a shell and never looks at ENTRYPOINT; people with `docker run` need the other.
ENV AIRBYTE_ENTRYPOINT=/opt/connector/bin/destination-pinterest
LABEL io.airbyte.name=airbyte/destination-pinterest io.airbyte.version=0.1.0
WORKDIR /airbyte
USER airbyte
ENTRYPOINT ["/opt/connector/bin/destination-pinterest"]
