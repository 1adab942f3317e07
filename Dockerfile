# syntax=docker/dockerfile:1
# Two images from one file: `proxy` (the default, without development packages) and `webapp`, the sample app to try it on.
#
#   docker build -t shelflife .
#   docker run -p 8080:8080 -v ./my-rules.yaml:/etc/shelflife/shelflife.yaml:ro shelflife

# The Node that scripts/node/package.json pins for npm scripts, so the images leave that copy out (--omit=optional).
ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts ./scripts
RUN npm ci --omit=optional
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN node scripts/build.mjs

FROM node:${NODE_VERSION}-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts ./scripts
RUN npm ci --omit=dev --omit=optional

# The sample app: its database is among the development packages.
FROM node:${NODE_VERSION}-bookworm-slim AS webapp
WORKDIR /app
RUN mkdir .data && chown node:node .data
COPY package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY examples ./examples
USER node
VOLUME /app/.data
EXPOSE 5000
CMD ["node", "examples/webapp/main.ts", "--host", "0.0.0.0", "--port", "5000"]

FROM node:${NODE_VERSION}-bookworm-slim AS proxy
# Where the reports and the list of what is asked for most are kept; what malloc is told keeps the memory within its bound.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=1 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    MALLOC_MMAP_THRESHOLD_=60000 \
    SHELFLIFE_REPORT_FOLDER=/var/lib/shelflife/reports \
    SHELFLIFE_POPULAR_FILE=/var/lib/shelflife/popular.json \
    SHELFLIFE_ROLLOUT_FILE=/var/lib/shelflife/rollout.json
RUN mkdir -p /var/lib/shelflife && chown node:node /var/lib/shelflife
VOLUME /var/lib/shelflife
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config ./config
USER node
# The site, and the control listener: publish the second only where operators are.
EXPOSE 8080 8081
# With another `control.address` in the configuration, give the container another health check.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8081/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/cli.js"]
CMD ["serve", "-c", "/etc/shelflife/shelflife.yaml"]
