// What the control plane tells of the servers, asked again and again.

import { setTimeout as sleep } from 'node:timers/promises';

import type {
  ClientsMessage,
  EventMessage,
  EventsMessage,
  HealthMessage,
  ServerHealthMessage,
} from '../../src/api/v2/messages.ts';

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

  /** What happened, the first thousand. */
  async events(): Promise<readonly EventMessage[]> {
    return ((await this.#ask('events?limit=1000')) as EventsMessage).events;
  }

  /** Codes of what it warns of. */
  async warnings(): Promise<string[]> {
    const { warnings } = (await this.#ask('clients?node=nobody')) as ClientsMessage;
    return warnings.map(({ code }) => code);
  }

  /** Resolves when it says so of the servers. @throws Error when it does not in two minutes */
  async until(what: string, isSo: (servers: Servers) => boolean): Promise<void> {
    const deadlineMs = performance.now() + limitMs;
    for (;;) {
      const servers = await this.servers();
      if (isSo(servers)) return;
      if (performance.now() > deadlineMs) throw new Error(`waited in vain until ${what}: ${describe(servers)}`);
      await sleep(pollMs);
    }
  }

  /** Resolves when a server is in this state. */
  async untilState(address: string, state: ServerHealthMessage['state']): Promise<void> {
    await this.until(`${address} is ${state}`, (servers) => servers.get(address)?.state === state);
  }

  async #ask(path: string): Promise<unknown> {
    const response = await fetch(`http://${this.#api}/api/v2/${path}`);
    if (!response.ok) throw new Error(`GET ${path}: ${await response.text()}`);
    return response.json();
  }
}

function describe(servers: Servers): string {
  return Array.from(servers.values(), ({ address, state, reason = '' }) => `${address} ${state} ${reason}`).join(', ');
}
