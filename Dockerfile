FROM docker.io/library/python:3.13-slim AS build

COPY . /src
# Into an environment of its own, without pip in it: it is all that the image is given.
RUN python -m venv --without-pip /opt/fake-every8d \
 && pip --python /opt/fake-every8d/bin/python install --no-cache-dir "/src[tls]"


FROM docker.io/library/python:3.13-slim

LABEL org.opencontainers.image.title="fake-every8d" \
      org.opencontainers.image.description="A stand-in for EVERY8D's SMS platform, for tests and for development offline" \
      org.opencontainers.image.licenses="MIT"

COPY --from=build /opt/fake-every8d /opt/fake-every8d
# To be mounted over.
COPY fixtures/accounts.toml /etc/fake-every8d/accounts.toml

ENV PATH=/opt/fake-every8d/bin:$PATH \
    FAKE_EVERY8D_ACCOUNTS=/etc/fake-every8d/accounts.toml \
    FAKE_EVERY8D_HOST=0.0.0.0

# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
EXPOSE 8021
HEALTHCHECK --interval=2s --timeout=10s --start-period=30s CMD ["fake-every8d", "health"]
ENTRYPOINT ["fake-every8d"]
