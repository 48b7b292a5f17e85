// What must hold when all is quiet: every client holds what there is of what it wants. As all clients are
// held to one state, those of either protocol and either version hold the same.

import type { Kind } from '../../support/xds/discovery-api.ts';
import { noEndpoints } from './content.ts';
import type { ClientType } from './client-type.ts';
import type { DeclaredState } from './declared-state.ts';
import type { Link } from './link.ts';
import type { ModelClient } from './model-client.ts';
import { secretNames } from './secret-names.ts';
import type { TypeLedger } from './type-ledger.ts';
import { demand } from './violation.ts';
import { isFullStateKind } from './wanted.ts';

/** Throws a Violation unless the client has all that it wants of the declared state. */
export function checkConverged(client: ModelClient, state: DeclaredState, nowMs: number): void {
  const untold = new Set(Array.from(client.types).filter((type) => type.isRefusalUntold).map(({ kind }) => kind));
  for (const type of client.types) {
    const link = client.link(type.kind);
    const ledger = link?.referee.ledger(type.kind);
    if (link === undefined || ledger === undefined || untold.has(type.kind)) continue;
    new TypeCheck(client, type, link, ledger, state, nowMs).run();
    // Clusters that were refused may change later than the server knows.
    if (type.kind === 'endpoint' && !untold.has('cluster')) checkWarming(client, ledger, state);
  }
}

function checkWarming({ name, warming }: ModelClient, ledger: TypeLedger, state: DeclaredState): void {
  const declared = [...warming].filter((cluster) => state.isDeclared(cluster));
  const forgotten = declared.filter((cluster) => !ledger.excuse(cluster, () => true));
  demand(forgotten.length === 0, 'convergence', () => `${name} cluster ${forgotten.join()} warms for ever`);
}

class TypeCheck {
  readonly #client: ModelClient;
  readonly #type: ClientType;
  readonly #ledger: TypeLedger;
  readonly #textOf: (name: string) => string | undefined;

  constructor(
    client: ModelClient,
    type: ClientType,
    link: Link,
    ledger: TypeLedger,
    state: DeclaredState,
    nowMs: number,
  ) {
    this.#client = client;
    this.#type = type;
    this.#ledger = ledger;
    this.#textOf = (name) => state.textOf(type.kind, name, nowMs, link.referee.given(name));
  }

  run(): void {
    const { kind, names, held } = this.#type;
    const where = `${this.#client.name} ${kind}`;
    demand(!this.#ledger.isAnswerDue, 'convergence', () => `${where}: a request was never answered`);
    for (const name of new Set([...namesOf[kind], ...names, ...held.keys()])) {
      const isRight = this.#isRight(name) || this.#ledger.excuse(name, (...args) => this.#isStill(...args));
      demand(isRight, 'convergence', () => {
        return `${where} ${name}: holds ${held.get(name)?.text}, there is ${this.#textOf(name)}`;
      });
    }
  }

  #isRight(name: string): boolean {
    const { kind, held, told, names } = this.#type;
    const text = held.get(name)?.text;
    if (!this.#type.wants(name)) return text === undefined;
    const expected = this.#textOf(name);
    if (expected !== undefined) return text === expected;
    const isSotw = this.#client.traits.protocol === 'sotw';
    if (isSotw && isFullStateKind(kind)) return text === undefined;
    // State of the world can't say of a route, a secret or a load assignment that there is none.
    if (isSotw && (kind === 'route' || kind === 'secret')) return true;
    if (names.has(name) && !told.has(name)) return false;
    return isSotw || text === undefined || (kind === 'endpoint' && text === noEndpoints);
  }

  // Whether a refused resource is still all that there is to say of its name.
  #isStill(name: string, text: string | undefined): boolean {
    if (!this.#ledger.wanted.includes(name)) return false;
    const now = this.#textOf(name);
    return now === text || (now === undefined && this.#type.kind === 'endpoint' && text === noEndpoints);
  }
}

const clusterNames = ['a', 'b', 'c', 'd'];
const namesOf: Readonly<Record<Kind, readonly string[]>> = {
  cluster: clusterNames,
  endpoint: clusterNames,
  listener: ['no_upstream_host', 'redis_listener'],
  route: ['generic_route'],
  secret: secretNames,
};
