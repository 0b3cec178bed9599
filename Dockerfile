# Builds Sightline with its models inside, so that a container starts without a network. docs/container.md says how to use it.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json build.mjs preinstall.mjs ./
COPY packages packages
COPY src src
COPY workers workers
COPY kernels/*.wasm kernels/
COPY models/manifest.json models/manifest.json
COPY container container
RUN npm ci
RUN node dist/src/main.js models fetch
RUN npm prune --omit=dev --ignore-scripts && node container/slim.mjs node_modules

# A camera that shows a face, for docker-compose.yml.
FROM bluenviron/mediamtx:1-ffmpeg AS test-camera
COPY --from=build /app/models/cache/demo-franck.mp4 /demo-franck.mp4

FROM node:20-bookworm-slim
# tini, so that a stopped container leaves no ffmpeg behind. The fonts for names in any script are among the npm packages.
# Debian's ffmpeg brings Mesa's drivers and LLVM, 160 MB, for windows that are never opened here.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg tini \
  && rm -rf /var/lib/apt/lists/* /usr/lib/*-linux-gnu/dri /usr/lib/*-linux-gnu/libLLVM-*.so.1 /usr/lib/*-linux-gnu/libz3.so.4
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/packages/client/dist packages/client/dist
COPY --from=build /app/models models
COPY kernels/*.wasm kernels/
COPY container/health.mjs container/health.mjs
COPY package.json LICENSE NOTICE.md README.md SECURITY.md CHANGELOG.md ./
COPY docs docs
COPY models/cards models/cards
COPY web web
RUN mkdir /data && chown node:node /data /app/models/cache
USER node
ENV NODE_ENV=production SIGHTLINE_DATA=/data SIGHTLINE_SERVER_HOST=0.0.0.0
VOLUME /data
EXPOSE 8420
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["node", "container/health.mjs"]
ENTRYPOINT ["tini", "--", "node", "dist/src/main.js"]
CMD ["run"]
