// A client of the discovery streams, written from the protocol: one that behaves as Envoy does,
// or one that asks for whatever it likes.

import type { ProtocolName, StreamMethod } from '../../../src/xds/stream-method.ts';
import { allKinds } from '../../support/xds/discovery-api.ts';
import type { ApiVersion, Kind } from '../../support/xds/discovery-api.ts';
import { ClientType } from './client-type.ts';
import type { Applied, Refusal, Resumption } from './client-type.ts';
import type { ModelRequest, ModelResponse } from './discovery-message.ts';
import type { Link } from './link.ts';
import { secretNames } from './secret-names.ts';

export interface ClientTraits {
  readonly apiVersion: ApiVersion;
  readonly protocol: ProtocolName;
  readonly isAggregated: boolean;
  /** `envoy`: clusters, listeners, and what they need. `wild`: only what the steps say. */
  readonly manner: 'envoy' | 'wild';
  /** What it does with a response in which something is bad, see {@link isBad}. */
  readonly ifBad: 'accept' | 'refuse whole' | 'apply the rest';
  /** Lets everything through and answers at once; otherwise only when a step says so. */
  readonly isPrompt: boolean;
  readonly areAcksSkipped: boolean;
}

/** What the steps say of one response; `policy`: as the client's traits have it. */
export type Verdict = 'policy' | 'refuse whole' | 'refuse one';

export type Connect = (nodeId: string, method: StreamMethod) => Link;

const afresh: Resumption = { memory: 'remember', isOldNonceSent: false, isHeldNamed: false };

export class ModelClient {
  readonly name: string;
  readonly traits: ClientTraits;
  /** Clusters that wait for their endpoints. Envoys only. */
  readonly warming = new Set<string>();
  readonly #connect: Connect;
  readonly #types: ReadonlyMap<Kind, ClientType>;
  readonly #links = new Map<Kind | 'all', Link>();

  constructor(name: string, traits: ClientTraits, connect: Connect) {
    this.name = name;
    this.traits = traits;
    this.#connect = connect;
    this.#types = new Map(allKinds.map((kind) => [kind, new ClientType(kind, traits.protocol)]));
    if (traits.manner !== 'envoy') return;
    this.#type('cluster').want(true, []);
    this.#type('listener').want(true, []);
    this.#type('route').want(false, ['generic_route']);
    this.#type('secret').want(false, secretNames);
  }

  get types(): Iterable<ClientType> {
    return this.#types.values();
  }

  /** The open streams. */
  get links(): Link[] {
    return [...this.#links.values()];
  }

  /** The stream that carries a type, if it is open. */
  link(kind: Kind): Link | undefined {
    return this.#links.get(this.traits.isAggregated ? 'all' : kind);
  }

  /** Opens the streams that are not open and asks for everything wanted, in the order of `order`. */
  connect(resumption: Resumption, order: readonly Kind[] = allKinds): void {
    const isReborn = resumption.memory === 'forget' && !this.#type('cluster').isOpen;
    if (isReborn && this.traits.manner === 'envoy') this.#forgetClusters();
    for (const kind of order) this.#connectType(kind, resumption);
  }

  disconnect(kind: Kind): void {
    const key = this.traits.isAggregated ? 'all' : kind;
    this.#links.get(key)?.close();
    this.#links.delete(key);
    for (const type of this.types) if (key === 'all' || type.kind === kind) type.disconnect();
  }

  want(kind: Kind, isWildcard: boolean, names: Iterable<string>): void {
    const type = this.#type(kind);
    this.#request(kind, type.want(isWildcard, names));
    if (!type.isOpen && this.link(kind) !== undefined) this.#request(kind, type.open(afresh));
  }

  subscribeAgain(kind: Kind, names: readonly string[], isFlip: boolean): void {
    this.#request(kind, this.#type(kind).subscribeAgain(names, isFlip));
  }

  /** Says once more on every stream what was said before. */
  repeat(): void {
    for (const type of this.types) this.#request(type.kind, type.repeat());
  }

  /** Takes the next response of the stream that carries `kind`. Gives false when there is none. */
  read(kind: Kind, verdict: Verdict, isAnswered: boolean): boolean {
    const response = this.link(kind)?.read();
    if (response === undefined) return false;
    const type = this.#type(response.kind);
    const applied = type.apply(response, this.#refusalOf(response, verdict));
    if (this.traits.manner === 'envoy') this.#follow(response.kind, applied);
    if (isAnswered || type.mustAnswer) this.answer(response.kind);
    return true;
  }

  /** Answers the responses of a type that were read. */
  answer(kind: Kind): void {
    this.#request(kind, this.#type(kind).answer(this.traits.areAcksSkipped));
  }

  #type(kind: Kind): ClientType {
    const type = this.#types.get(kind);
    if (type === undefined) throw new Error(`no type ${kind}`);
    return type;
  }

  #request(kind: Kind, requests: readonly ModelRequest[]): void {
    for (const request of requests) this.link(kind)?.request(request);
  }

  #connectType(kind: Kind, resumption: Resumption): void {
    const { apiVersion, protocol, isAggregated } = this.traits;
    const key = isAggregated ? 'all' : kind;
    const type = this.#type(kind);
    if (!this.#links.has(key)) {
      this.#links.set(key, this.#connect(this.name, { apiVersion, protocol, kind: isAggregated ? undefined : kind }));
    }
    if (type.isOpen) return;
    // An Envoy without clusters does not ask for endpoints.
    const isAsked = this.traits.manner === 'wild' || kind !== 'endpoint' || type.names.size > 0;
    if (isAsked) this.#request(kind, type.open(resumption));
  }

  #forgetClusters(): void {
    this.warming.clear();
    this.#request('endpoint', this.#type('endpoint').want(false, []));
  }

  #follow(kind: Kind, { added, changed, taken }: Applied): void {
    if (kind === 'endpoint') for (const name of taken) this.warming.delete(name);
    if (kind !== 'cluster') return;
    const clusters = new Set(this.#type('cluster').held.keys());
    for (const name of [...added, ...changed]) this.warming.add(name);
    for (const name of [...this.warming]) if (!clusters.has(name)) this.warming.delete(name);
    const isSame = clusters.symmetricDifference(this.#type('endpoint').names).size === 0;
    if (!isSame) this.want('endpoint', false, clusters);
    if (!this.traits.isAggregated && changed.length > 0) this.#subscribeAnew(changed);
  }

  // A cluster that has changed takes its endpoints by a subscription of its own, which begins with nothing.
  #subscribeAnew(clusters: readonly string[]): void {
    const endpoints = this.#type('endpoint');
    for (const name of clusters) endpoints.held.delete(name);
    if (this.link('endpoint') === undefined) return;
    this.disconnect('endpoint');
    this.#connectType('endpoint', afresh);
  }

  #refusalOf({ resources }: ModelResponse, verdict: Verdict): Refusal | undefined {
    const names = [...resources.keys()];
    if (verdict === 'refuse whole') return { names: new Set(names), isWhole: true };
    if (verdict === 'refuse one') return { names: new Set(names.slice(0, 1)), isWhole: false };
    if (this.traits.ifBad === 'accept') return undefined;
    const bad = [...resources.values()].filter(({ text }) => isBad(text)).map(({ name }) => name);
    return bad.length === 0 ? undefined : { names: new Set(bad), isWhole: this.traits.ifBad === 'refuse whole' };
  }
}

/** Port, connect timeout, prefix and secret that some clients refuse. */
export const bad = { port: 666, timeoutSeconds: 7, prefix: 'bad', secret: 'bad secret' } as const;

function isBad(text: string): boolean {
  return [String(bad.port), `connect timeout ${bad.timeoutSeconds}`, bad.prefix].some((word) => text.includes(word));
}
