// docker-compose.yml and the Dockerfiles, read as data: no Docker engine is needed. Where the docker client has
// compose, its own check is asked too.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { parse } from 'yaml';

import { checkoutDir, checkoutPath } from './support/checkout.ts';
import { runCommand } from './support/run-command.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly container_name?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly restart?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(await readFile(checkoutPath('docker-compose.yml'), 'utf8')) as Compose;
const services = Object.entries(compose.services);

test('has the control plane, an Envoy and servers for HTTP and for Redis', () => {
  assert.deepEqual(
    services.map(([name, { image, build }]) => `${name}: ${image ?? build}`).toSorted(),
    [
      'control-plane: .',
      'envoy-redis: envoyproxy/envoy:v1.40.0',
      'envoy: envoyproxy/envoy:v1.40.0',
      'redis-1: redis:7',
      'redis-2: redis:7',
      'test-server-dev: ./test-server',
      'test-server-prod: ./test-server',
    ],
  );
});

test('publishes each port once, and those that need no other machine on loopback only', () => {
  const published = services.flatMap(([name, { ports }]) => (ports ?? []).map((port) => `${name} ${port}`));
  assert.deepEqual(published, [
    'control-plane 5678:5678',
    'control-plane 127.0.0.1:8000:8000',
    'envoy 127.0.0.1:3000:3000',
    'envoy 127.0.0.1:9901:9901',
    'envoy-redis 127.0.0.1:6379:6379',
  ]);
});

for (const [name, env] of [['test-server-dev', 'development'], ['test-server-prod', 'production']] as const) {
  test(`${name} can be scaled: nothing in it can exist only once`, () => {
    const service = compose.services[name];
    assert.deepEqual(service, { build: './test-server', environment: { ENV: env } });
  });
}

test('what is mounted or built exists in this checkout, and named volumes are declared', () => {
  for (const [name, { build, volumes = [] }] of services) {
    if (build) assert.ok(existsSync(checkoutPath(`${build}/Dockerfile`)), `${name} is built from ${build}`);
    for (const volume of volumes) {
      const source = volume.split(':')[0]!;
      if (source.startsWith('.')) assert.ok(existsSync(checkoutPath(source)), `${name} mounts ${source}`);
      else assert.ok(source in compose.volumes, `${name} uses the volume ${source}`);
    }
  }
});

test('each Envoy runs the bootstrap that knows the control plane by its service name, with an id of its own', async () => {
  const mounts = { envoy: './envoy/http-v3.yaml', 'envoy-redis': './envoy/redis-v3-ads.yaml' };
  for (const [name, bootstrap] of Object.entries(mounts)) {
    assert.deepEqual(compose.services[name]?.volumes, [`${bootstrap}:/etc/envoy/envoy.yaml:ro`]);
    assert.deepEqual(compose.services[name]?.command, ['-c', '/etc/envoy/envoy.yaml', '--service-node', name]);
    assert.deepEqual(compose.services[name]?.depends_on, { 'control-plane': { condition: 'service_healthy' } });
    assert.match(await readFile(checkoutPath(bootstrap), 'utf8'), /address: control-plane, port_value: 5678/);
  }
});

test('the control plane and the Envoys come back by themselves', () => {
  for (const name of ['control-plane', 'envoy', 'envoy-redis']) {
    assert.equal(compose.services[name]?.restart, 'unless-stopped');
  }
});

test('the client of docker compose, where there is one, agrees', async (t) => {
  const found = await runCommand('docker', ['compose', 'version']).catch(() => ({ status: -1 }));
  if (found.status !== 0) return t.diagnostic('no docker compose here: the checks above are all there is');
  const { status, stderr } = await runCommand('docker', ['compose', 'config', '--quiet'], { cwd: checkoutDir });
  assert.equal(status, 0, stderr);
});

const controlPlaneImage = await readInstructions('Dockerfile');
const finalStage = controlPlaneImage.slice(controlPlaneImage.findLastIndex(([word]) => word === 'FROM'));

test('the image of the control plane is built in two stages, and the second one runs unprivileged', () => {
  const froms = controlPlaneImage.filter(([word]) => word === 'FROM').map(([, text]) => text);
  assert.deepEqual(froms, ['node:24-slim AS dependencies', 'node:24-slim']);
  assert.deepEqual(valuesOf(finalStage, 'USER'), ['node']);
  assert.deepEqual(valuesOf(finalStage, 'VOLUME'), ['/data']);
  assert.deepEqual(valuesOf(finalStage, 'EXPOSE'), ['5678 8000']);
  assert.deepEqual(JSON.parse(valuesOf(finalStage, 'ENTRYPOINT')[0]!), [
    'node',
    '--disable-warning=ExperimentalWarning',
    '--disable-sigusr1',
    '--max-semi-space-size=8',
    '--no-allocation-site-pretenuring',
    'src/main.ts',
    '--data-dir',
    '/data',
  ]);
});

test('the final image gets production dependencies only, without the Node that npm brings', () => {
  const [install = ''] = valuesOf(controlPlaneImage, 'RUN');
  assert.match(install, /npm ci --omit=dev /);
  assert.match(install, /rm -rf node_modules\/node /);
  assert.deepEqual(valuesOf(finalStage, 'COPY'), [
    '--from=dependencies /app/node_modules node_modules',
    'package.json ./',
    'protos protos',
    'envoy envoy',
    'src src',
  ]);
});

test('the health check asks the API, and says no when nobody answers', async () => {
  const [check = ''] = valuesOf(finalStage, 'HEALTHCHECK');
  const [command, ...args] = JSON.parse(check.slice(check.indexOf('['))) as [string, ...string[]];
  assert.equal(command, 'node');
  assert.match(args[1] ?? '', /^fetch\('http:\/\/127\.0\.0\.1:8000\/healthz'\)/);
  for (const [ok, status] of [[true, 0], [false, 1]] as const) {
    assert.equal((await runWithFetch(args, `async () => ({ ok: ${ok} })`)).status, status);
  }
  assert.equal((await runWithFetch(args, "async () => { throw new Error('refused'); }")).status, 1);
});

test('what the image needs is what is sent to the builder', async () => {
  const ignore = (await readFile(checkoutPath('.dockerignore'), 'utf8')).split('\n');
  const sent = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const copied = controlPlaneImage
    .filter(([word, text]) => word === 'COPY' && !text.startsWith('--from'))
    .flatMap(([, text]) => text.split(' ').slice(0, -1));
  assert.ok(ignore.includes('*'));
  assert.deepEqual(sent.toSorted(), [...new Set(copied)].toSorted());
  for (const path of sent) assert.ok(existsSync(checkoutPath(path)), path);
});

test('the image of the test server holds that one file and runs unprivileged', async () => {
  const instructions = await readInstructions('test-server/Dockerfile');
  assert.deepEqual(instructions, [
    ['FROM', 'node:24-slim'],
    ['COPY', 'server.mjs /app/'],
    ['USER', 'node'],
    ['EXPOSE', '8080'],
    ['CMD', '["node", "/app/server.mjs"]'],
  ]);
});

// The instructions of a Dockerfile in order, without comments, continued lines joined.
async function readInstructions(path: string): Promise<(readonly [word: string, text: string])[]> {
  const text = await readFile(checkoutPath(path), 'utf8');
  const lines = text.replace(/^#.*\n/gm, '').replace(/\s*\\\n\s*/g, ' ').split('\n').filter(Boolean);
  return lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]);
}

function valuesOf(instructions: typeof controlPlaneImage, word: string): string[] {
  return instructions.filter(([found]) => found === word).map(([, text]) => text);
}

// The health check's program with the network replaced: the port that it asks is the container's own.
function runWithFetch([flag = '', program = '']: string[], fetchSource: string): ReturnType<typeof runCommand> {
  return runCommand(process.execPath, [flag, `globalThis.fetch = ${fetchSource};\n${program}`]);
}
