// docs/kinds.md, played: every session of the page is typed again, with a control plane, an Envoy and servers of
// its own on free ports of loopback in place of the page's, and must be answered as the page says.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

import { parse } from 'yaml';

import { moveToLoopback } from '../support/bootstrap.ts';
import { makeAuthority } from '../support/certificates.ts';
import { checkoutPath } from '../support/checkout.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { readDocument } from '../support/documents.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startClusterNode } from '../support/redis-cluster.ts';
import { startWatchedGroup } from '../support/redis-sentinel.ts';
import { startRedis } from '../support/redis-server.ts';
import { startTlsRedis } from '../support/redis-tls.ts';
import { runCommand } from '../support/run-command.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A command and what it printed. */
interface Exchange {
  readonly command: string;
  readonly output: string;
}

// How often a command to Envoy is given again: workers hear of a change after Envoy has said that it took it.
const maxTries = 200;
const pauseMs = 50;

const page = readDocument('docs/kinds.md');
const sections = page.split(/^## /m).map((section) => ({
  title: section.split('\n')[0] ?? '',
  session: exchangesIn(section.match(/^```text\n(\$ .*?)^```$/ms)?.[1] ?? ''),
}));

describe('docs/kinds.md', { concurrency: 1 }, () => {
  test('has a session for each kind of cluster, for tcp and http, and for TLS and passwords', () => {
    const commands = sections.flatMap(({ session }) => session.map(({ command }) => command)).join('\n');
    const kinds = ['sharded', 'replicated', 'redis_cluster', 'tcp', 'http'].map((kind) => `--kind ${kind}`);
    const flags = ['--tls-ca', '--tls-certificate', '--auth-secret', '--host', '--timeout', '--retry-attempts', '--sentinels'];
    for (const words of [...kinds, ...flags]) assert.ok(commands.includes(words), words);
    assert.equal(sections.filter(({ session }) => session.length > 0).length, 8);
  });

  for (const { title, session } of sections.filter(({ session }) => session.length > 0)) {
    test(title, async (t) => {
      const { run, fromMine } = await prepare(t, session);
      const seen: Exchange[] = [];
      for (const exchange of session) seen.push({ command: exchange.command, output: await play(exchange) });
      assert.equal(format(seen), format(session));

      async function play({ command, output: expected }: Exchange): Promise<string> {
        for (let tries = 1; ; tries += 1) {
          const output = comparable(fromMine(await run(command)));
          if (output === comparable(expected) || !/redis-cli |curl /.test(command) || tries === maxTries) return output;
          await sleep(pauseMs);
        }
      }
    });
  }
});

/** Starts what a session needs: all that runs when its first command is typed. */
async function prepare(t: TestContext, session: readonly Exchange[]) {
  const text = format(session);
  const dir = await tempDir(t);
  const ports = { redis: await freePort(), tcp: await freePort(), http: await freePort() };
  const serverPorts = await startServers(t, text, dir);
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${ports.redis}`]);

  const toMine = (line: string): string =>
    line
      .replaceAll(/10\.0\.0\.(\d)([: ])6379/g, (_, host, between) => `127.0.0.1${between}${serverPorts.get(host)}`)
      .replaceAll(/10\.0\.0\.(\d):26379/g, (_, host) => `127.0.0.1:${serverPorts.get(host)}`)
      .replaceAll(/10\.0\.0\.(\d):8080/g, (_, host) => `127.0.0.1:${serverPorts.get(host)}`)
      .replaceAll(/(0\.0\.0\.0|localhost):8080/g, `127.0.0.1:${ports.http}`)
      .replaceAll(/-h 10\.0\.0\.(\d)/g, (_, host) => `-h 127.0.0.1 -p ${serverPorts.get(host)}`)
      .replaceAll('127.0.0.1:5678', `127.0.0.1:${controlPlane.place.xdsPort}`)
      .replaceAll('0.0.0.0:6380', `127.0.0.1:${ports.tcp}`)
      .replaceAll('-p 6379', `-p ${ports.redis}`)
      .replaceAll('-p 6380', `-p ${ports.tcp}`)
      // On a terminal it is so by itself.
      .replaceAll('redis-cli ', 'redis-cli --no-raw ');
  const pagePort = text.includes(':8080') ? 8080 : 6379;
  const fromMine = (output: string): string => {
    return [...serverPorts].reduce((so, [host, port]) => {
      return so.replaceAll(`127.0.0.1:${port}`, `10.0.0.${host}:${pagePort}`);
    }, output);
  };

  await writeFile(join(dir, 'controlplane'), `#!/bin/sh\nexec '${checkoutPath('controlplane')}' "$@"\n`);
  await chmod(join(dir, 'controlplane'), 0o755);
  const env = { CONTROLPLANE_API_ADDRESS: controlPlane.api };
  const run = async (command: string): Promise<string> => {
    const { stdout } = await runCommand('bash', ['-c', `exec 2>&1\n${toMine(command)}`], { cwd: dir, env });
    return stdout.trimEnd();
  };

  const [, bootstrap] = /^(\.\/controlplane bootstrap .* > envoy\.yaml)$/m.exec(page) ?? [];
  assert.ok(bootstrap !== undefined, 'the page makes a file for Envoy');
  assert.equal(await run(bootstrap), '');
  const places = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  await startEnvoy(t, moveToLoopback(parse(await readFile(join(dir, 'envoy.yaml'), 'utf8')), places));
  return { run, fromMine };
}

/** Web servers as the page has them, by the last part of the address. */
async function startWebServers(t: TestContext, text: string): Promise<Map<string, number>> {
  const named = text.matchAll(/endpoint add (\S+) 10\.0\.0\.(\d):8080/g);
  return new Map(await Promise.all(Array.from(named, async ([, name = '', host = '']) => {
    return [host, host === '3' ? await freePort() : await startWebServer(t, name)] as const;
  })));
}

/** Answers with its name and the path, but never for `/slow`. Gives its port. */
async function startWebServer(t: TestContext, name: string): Promise<number> {
  const server = createServer(({ url }, response) => {
    if (url !== '/slow') response.end(`${name} ${url}\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/**
 * Empty Redis servers in place of each 10.0.0.N of a session: by the last part of the address, their ports. Where there
 * is TLS, they have it and a password, and what the page takes for granted is in `dir`.
 */
async function startServers(t: TestContext, text: string, dir: string): Promise<Map<string, number>> {
  if (text.includes('--kind http')) return startWebServers(t, text);
  if (text.includes('--sentinels')) {
    const { primary, replicas, sentinels } = await startWatchedGroup(t);
    return new Map([primary, ...replicas, ...sentinels].map(({ port }, index) => [`${index + 1}`, port]));
  }
  const hosts = [...new Set(Array.from(text.matchAll(/10\.0\.0\.(\d)/g), ([, host = '']) => host))];
  if (text.includes('--tls-ca')) {
    const authority = makeAuthority();
    const edge = authority.issue('edge');
    const files = { 'ca.crt': authority.chain, 'edge.crt': edge.chain, 'edge.key': edge.key };
    const passwords = { 'redis-password.txt': 'of the server\n', 'client-password.txt': 'of clients\n' };
    for (const [name, content] of Object.entries({ ...files, ...passwords })) await writeFile(join(dir, name), content);
    const own = authority.issue('redis', { hosts: ['redis.internal'] });
    const { port, direct } = await startTlsRedis(t, authority, own, { 'tls-auth-clients': 'no' });
    assert.equal(await direct.ask('CONFIG', 'SET', 'requirepass', 'of the server'), 'OK');
    return new Map([[hosts[0] ?? '', port]]);
  }
  const start = text.includes('--cluster create') ? startClusterNode : startRedis;
  return new Map(await Promise.all(hosts.map(async (host) => [host, (await start(t)).port] as const)));
}

function exchangesIn(block: string): Exchange[] {
  return block.split(/^\$ /m).slice(1).map((text) => {
    const [command = '', ...output] = text.trimEnd().split('\n');
    return { command, output: output.join('\n') };
  });
}

function format(session: readonly Exchange[]): string {
  return session.map(({ command, output }) => `$ ${command}\n${comparable(output)}`).join('\n');
}

/** Without colours, and without what differs from run to run: times, progress, fingerprints. */
function comparable(output: string): string {
  return stripVTControlCharacters(output)
    .replaceAll(/^\d+ of \d+ streams have answered\n/gm, '')
    .replaceAll(/after [\d.]+ s/g, 'after 0.0 s')
    .replaceAll(/fingerprint [0-9a-f]+/g, 'fingerprint F');
}
