# By minor version: its digest would have to be renewed by hand with each of Python's own fixes.
FROM docker.io/library/python:3.15-slim AS build

COPY . /src
# Into an environment of its own, without pip in it: it is all that the image is given. What
# nothing imports is left behind: what is for compiling against lxml, parts of it, cffi's
# compiler, and a dependency's tests.
RUN python -m venv --without-pip /opt/fake-every8d \
 && pip --python /opt/fake-every8d/bin/python install --no-cache-dir "/src[tls]" \
 && cd /opt/fake-every8d \
 && cd lib/*/site-packages \
 && rm -r cffi pycparser spyne/test lxml/includes lxml/isoschematron lxml/objectify* \
 && cd /opt/fake-every8d \
 && find lib \( -name '*.pyx' -o -name '*.px[di]' \) -delete \
 && ln -s lib/*/site-packages/fake_every8d/health.py health.py


FROM docker.io/library/python:3.15-slim

ARG REVISION
ARG VERSION
LABEL org.opencontainers.image.title="fake-every8d" \
      org.opencontainers.image.description="A stand-in for EVERY8D's SMS platform, for tests and for development offline" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.version="$VERSION"

COPY --from=build /opt/fake-every8d /opt/fake-every8d
# For a CA that stays, on a volume, which gets this owner.
RUN install -d -o 65532 -g 65532 /var/lib/fake-every8d
# To be mounted over.
COPY fixtures/accounts.toml /etc/fake-every8d/accounts.toml

# The port, too: no [settings] in a mounted file move it from where it is exposed, and where the
# health check asks.
ENV PATH=/opt/fake-every8d/bin:$PATH \
    FAKE_EVERY8D_ACCOUNTS=/etc/fake-every8d/accounts.toml \
    FAKE_EVERY8D_HOST=0.0.0.0 \
    FAKE_EVERY8D_PORT=8021

# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
EXPOSE 8021
# A Python that imports next to nothing: a hundredth of a second.
HEALTHCHECK --interval=2s --timeout=10s --start-period=30s CMD ["python", "-IS", "/opt/fake-every8d/health.py"]
ENTRYPOINT ["fake-every8d"]
