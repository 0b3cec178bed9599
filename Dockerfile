# Builds Sightline with its models inside, so that a container starts without a network.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
COPY src src
COPY workers workers
COPY kernels/*.wasm kernels/
COPY models/manifest.json models/manifest.json
RUN npm ci && node dist/src/main.js models fetch && npm prune --omit=dev --ignore-scripts

FROM node:20-bookworm-slim
# Fonts for names in any script; tini so that a stopped container leaves no ffmpeg behind.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg fonts-noto-core fonts-noto-cjk tini \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/models models
COPY kernels/*.wasm kernels/
COPY package.json LICENSE ./
COPY web web
RUN mkdir /data && chown node:node /data
USER node
ENV NODE_ENV=production SIGHTLINE_DATA=/data SIGHTLINE_SERVER_HOST=0.0.0.0
VOLUME /data
EXPOSE 8420
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8420/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "node", "dist/src/main.js"]
CMD ["run"]
