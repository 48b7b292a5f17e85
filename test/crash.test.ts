// kill -9 at random moments while calls are in flight: what was answered is there afterwards,
// what was not answered is there whole or not at all.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';

import { hostsOf } from '../src/inventory/cluster.ts';
import type { Cluster } from '../src/inventory/cluster.ts';
import { startControlPlane } from './support/controlplane.ts';
import type { ControlPlane } from './support/controlplane.ts';
import { readState } from './support/read-state.ts';

const ownerCount = 4;
const rounds = 8;
const longestRunMs = 250;

type Call = readonly [method: 'POST' | 'DELETE', path: string, body: object];

/** The sorted ports of one cluster's endpoints, or undefined when the cluster is not there. */
type ClusterState = readonly number[] | undefined;

/** Changes one cluster, one call at a time, and knows every state the cluster may be in. */
class Owner {
  readonly name: string;
  /** The state after each answered call, oldest first; since the last crash. */
  history: ClusterState[] = [undefined];
  /** The state that a call not yet answered would lead to. */
  pending: ClusterState[] = [];
  answered = 0;

  constructor(index: number) {
    this.name = `cluster-${index}`;
  }

  get state(): ClusterState {
    return this.history.at(-1);
  }

  /** A random change that must succeed, and the state it leads to. */
  nextCall(): { call: Call; after: ClusterState } {
    const { name, state } = this;
    if (state === undefined) {
      return { call: ['POST', 'cluster', { name, prefix: `/${name}` }], after: [] };
    }
    if (state.length === 0 && randomInt(4) === 0) return { call: ['DELETE', 'cluster', { name }], after: undefined };
    const port = randomInt(1, 6);
    const endpoint = { cluster: name, ipaddress: '127.0.0.1', port };
    return state.includes(port)
      ? { call: ['DELETE', 'endpoint', endpoint], after: state.filter((other) => other !== port) }
      : { call: ['POST', 'endpoint', endpoint], after: [...state, port].sort((a, b) => a - b) };
  }
}

/** True when it was answered 200; false when the connection broke. */
async function send(api: string, method: string, path: string, body: object): Promise<boolean> {
  const answer = await fetch(`http://${api}/api/v1/${path}`, { method, body: JSON.stringify(body) }).catch(() => undefined);
  if (answer === undefined) return false;
  assert.equal(answer.status, 200, `${method} ${path} ${JSON.stringify(body)}: ${await answer.text()}`);
  return true;
}

async function runOwner(owner: Owner, api: string): Promise<void> {
  for (;;) {
    const { call, after } = owner.nextCall();
    owner.pending = [after];
    if (!(await send(api, ...call))) return;
    owner.history.push(after);
    owner.pending = [];
    owner.answered += 1;
  }
}

/** Commits until the connection breaks; gives, per owner, how many states an answered commit makes too old. */
async function runCommits(owners: readonly Owner[], api: string): Promise<readonly number[]> {
  let oldest = owners.map(() => 0);
  for (;;) {
    const atSend = owners.map((owner) => owner.history.length - 1);
    if (!(await send(api, 'POST', 'commit', {}))) return oldest;
    oldest = atSend;
  }
}

async function runUntilKilled(controlPlane: ControlPlane, owners: readonly Owner[]): Promise<readonly number[]> {
  const running = owners.map((owner) => runOwner(owner, controlPlane.api));
  const commits = runCommits(owners, controlPlane.api);
  await sleep(randomInt(longestRunMs));
  await controlPlane.kill();
  await Promise.all(running);
  return commits;
}

function stateOf(clusters: readonly Cluster[], name: string): ClusterState {
  const found = clusters.find((cluster) => cluster.name === name);
  return found && hostsOf(found).map(({ port }) => port);
}

function assertOneOf(actual: ClusterState, allowed: readonly ClusterState[], what: string): void {
  const texts = allowed.map((state) => JSON.stringify(state));
  assert.ok(texts.includes(JSON.stringify(actual)), `${what} is ${JSON.stringify(actual)}, allowed: ${texts.join(' ')}`);
}

test('kill -9 loses nothing that was answered and leaves nothing half done', async (t) => {
  const controlPlane = await startControlPlane(t);
  const owners = Array.from({ length: ownerCount }, (_, index) => new Owner(index));
  for (let round = 0; round < rounds; round += 1) {
    const oldest = await runUntilKilled(controlPlane, owners);
    const stored = await readState(controlPlane.place.dataDir);
    owners.forEach((owner, index) => {
      const staged = stateOf(stored.staged, owner.name);
      assertOneOf(staged, [owner.state, ...owner.pending], `round ${round}: staged ${owner.name}`);
      const committed = stateOf(stored.committed, owner.name);
      const possible = [...owner.history.slice(oldest[index]), ...owner.pending];
      assertOneOf(committed, possible, `round ${round}: committed ${owner.name}`);
      // The next round's oldest possible committed state is this one, its first staged state the stored one.
      owner.history = [committed, staged];
      owner.pending = [];
    });
    await controlPlane.comeBack();
  }
  for (const owner of owners) assert.ok(owner.answered > 0, `${owner.name}: no call was answered, nothing was tested`);
});
