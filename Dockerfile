# An exact version: what is built again later is the same. Debian's packages get their security fixes at each build.
ARG NODE_IMAGE=node:24.21.0-trixie-slim

# The programs: one file each, the same on every architecture, and so made on the build machine's own.
FROM --platform=$BUILDPLATFORM $NODE_IMAGE AS program
WORKDIR /build
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci
COPY scripts scripts
COPY src src
COPY docker/*.js docker/
RUN npm run build && cp docker/*.js dist/

# What it runs on, gathered below /image.
FROM $NODE_IMAGE AS system
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    binutils ca-certificates git git-lfs openssh-client
COPY docker/gather.sh /
RUN sh /gather.sh /image
# Lambda runs an image as a user of its own, 993 today, whatever the image says. ssh wants a name for whoever runs it.
RUN mkdir -p /lambda/etc && cp /image/etc/passwd /lambda/etc/ \
  && seq 1 2000 | sed 's|.*|u&:x:&:&::/tmp:/bin/sh|' >>/lambda/etc/passwd \
  && chmod 644 /lambda/etc/passwd && touch --date=@0 /lambda/etc/passwd /lambda/etc /lambda

# The bill of materials of both together.
FROM program AS finished
COPY --from=system /image/etc/os-release /image/etc/
COPY --from=system /image/opt/node-version /image/opt/
COPY --from=system /image/var/lib/dpkg/status.d /image/var/lib/dpkg/status.d
RUN cp dist/sbom.cdx.json /image/opt/ && node scripts/sbom.mjs image /image >dist/sbom.cdx.json

# What V8 makes of the programs, which is this architecture's own. Without variables each ends with a fault.
FROM $NODE_IMAGE AS compiled
WORKDIR /programs
COPY --from=finished /build/dist/ ./
RUN for program in pipe.js cli.js; do node compile.js $program >/dev/null 2>&1 || true; test -s $program.cache || exit 1; done \
  && rm compile.js && touch --date=@0 *

# Two layers: the large one stays what it is from release to release, as long as its programs do.
FROM scratch AS image
COPY --from=system /image /
COPY --from=compiled /programs/ /opt/

# The functions of AWS Lambda, and the builds of CodeBuild: deploy/template.yaml. Lambda takes one platform alone.
FROM image AS lambda
COPY --from=system /lambda /
ENTRYPOINT ["node", "/opt/lambda.js"]

FROM image
ENTRYPOINT ["node", "/opt/main.js"]
LABEL org.opencontainers.image.title="codecommit-mirror" \
  org.opencontainers.image.description="Keeps an AWS CodeCommit repository an exact, verified mirror of a Bitbucket repository" \
  org.opencontainers.image.version="1.0.0" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.source="https://bitbucket.org/org/codecommit-mirror"
