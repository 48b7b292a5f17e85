// What the control plane tells of the servers, asked again and again.

import { setTimeout as sleep } from 'node:timers/promises';

import type { ClientsMessage, HealthMessage, ServerHealthMessage } from '../../src/api/v2/messages.ts';

export type Servers = ReadonlyMap<string, ServerHealthMessage>;

const pollMs = 20;
const limitMs = 120_000;

export class ToldByControlPlane {
  readonly #api: string;

  constructor(api: string) {
    this.#api = api;
  }

  /** By ADDRESS:PORT. */
  async servers(): Promise<Servers> {
    const { clusters } = (await this.#ask('health')) as HealthMessage;
    return new Map(clusters.flatMap(({ servers }) => servers.map((server) => [server.address, server] as const)));
  }

  /** Codes of what it warns of. */
  async warnings(): Promise<string[]> {
    const { warnings } = (await this.#ask('clients?node=nobody')) as ClientsMessage;
    return warnings.map(({ code }) => code);
  }

  /** Resolves when it says so of the servers. @throws Error when it does not in two minutes */
  async until(what: string, isSo: (servers: Servers) => boolean): Promise<Servers> {
    const deadlineMs = performance.now() + limitMs;
    for (;;) {
      const servers = await this.servers();
      if (isSo(servers)) return servers;
      if (performance.now() > deadlineMs) throw new Error(`waited in vain until ${what}: ${JSON.stringify([...servers])}`);
      await sleep(pollMs);
    }
  }

  /** Resolves with the time (Unix, ms) from which on a server has been in one of these states. */
  async untilState(address: string, ...states: readonly ServerHealthMessage['state'][]): Promise<number> {
    const isSo = (servers: Servers): boolean => states.some((state) => servers.get(address)?.state === state);
    const servers = await this.until(`${address} is ${states.join(' or ')}`, isSo);
    return Date.parse(servers.get(address)?.since ?? '');
  }

  async #ask(path: string): Promise<unknown> {
    const response = await fetch(`http://${this.#api}/api/v2/${path}`);
    if (!response.ok) throw new Error(`GET ${path}: ${await response.text()}`);
    return response.json();
  }
}
