// Discovery without a stream (REST-JSON polling): one request, one answer, nothing remembered.

import { FieldError } from '../proto/json-message.ts';
import type { JsonMessage } from '../proto/json-message.ts';
import { toProtoJson } from '../proto/proto-json.ts';
import { decodeMessage } from '../proto/protos.ts';
import { dialects, messageNames, typeUrlOf } from '../snapshot/dialect.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { Holding } from '../snapshot/holding.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { SnapshotCache } from '../snapshot/snapshot.ts';
import { SubscriptionTable } from '../snapshot/subscription.ts';
import type { Subscription } from '../snapshot/subscription.ts';
import type { View } from '../snapshot/view.ts';
import { encodeChanges } from './discovery-response.ts';
import { findNodeProblem, shortUserAgent } from './node.ts';
import type { ListenerTakers } from './listener-takers.ts';
import type { Node, NodeGroupOf } from './node.ts';
import type { JudgedClient } from './pollers.ts';

export type FetchAnswer =
  /** `body`: a DiscoveryResponse in proto3 JSON. */
  | { readonly kind: 'response'; readonly body: string }
  /** The client has the newest of what it asks for. */
  | { readonly kind: 'unchanged' }
  /** Nothing was ever published to the client's node group: it asks again by itself. */
  | { readonly kind: 'unpublished' };

const responseNames: Readonly<Record<ApiVersion, string>> = {
  v2: 'envoy.api.v2.DiscoveryResponse',
  v3: 'envoy.service.discovery.v3.DiscoveryResponse',
};

// An Envoy asks for one, or for all. Each that is named costs time in which nobody else is answered.
const maxNames = 1_000;

export class DiscoveryFetch {
  readonly #snapshots: SnapshotCache;
  readonly #groupOf: NodeGroupOf;
  readonly #listenerTakers: ListenerTakers;
  readonly #notePoll: (client: JudgedClient) => void;
  readonly #subscriptions = new SubscriptionTable();
  // Held, and with it the bodies of whoever asks for everything.
  readonly #everything: Subscription = this.#subscriptions.intern(true, []);
  readonly #bodies = new WeakMap<View, string>();

  /**
   * @param listenerTakers told of who polls for clusters or listeners; who polls for the ones does for the others.
   * @param notePoll told of everybody who polls.
   */
  constructor(
    snapshots: SnapshotCache,
    groupOf: NodeGroupOf,
    listenerTakers: ListenerTakers,
    notePoll: (client: JudgedClient) => void = () => undefined,
  ) {
    this.#snapshots = snapshots;
    this.#groupOf = groupOf;
    this.#listenerTakers = listenerTakers;
    this.#notePoll = notePoll;
  }

  /**
   * Without `resource_names` everything is meant, of every kind but secrets: unlike on a stream nobody takes names back
   * here. Secrets are given by name only.
   * @param request a DiscoveryRequest.
   * @param isGivenSecrets false: passwords and private keys are left out.
   * @throws FieldError
   */
  answer(apiVersion: ApiVersion, kind: ResourceKind, request: JsonMessage, isGivenSecrets: boolean): FetchAnswer {
    checkTypeUrl(request, typeUrlOf(messageNames[apiVersion][kind]));
    const node = readNode(request);
    const group = this.#groupOf(node);
    const published = this.#snapshots.get(group);
    const snapshot = isGivenSecrets ? published : (published?.inClear ?? published);
    const names = readNames(request);
    if (kind === 'secret') requireNames(names);
    const versionInfo = request.string('version_info');
    this.#notePoll({ node, group, isGivenSecrets });
    if (snapshot === undefined) return { kind: 'unpublished' };
    const nowMs = performance.now();
    if (kind === 'cluster' || kind === 'listener') this.#listenerTakers.noteSeen(node.id, nowMs);
    // Who polls for clusters gets a stream for their endpoints: docs/adr/0003 has no dialect that polls.
    const dialect = dialects[apiVersion].grpc;
    const subscription = this.#subscriptionTo(names);
    const declared = snapshot.resources(kind, dialect).view(subscription);
    const reachable = this.#listenerTakers.has(node.id, nowMs)
      ? snapshot.resources(kind, dialect, 'reachable').view(subscription)
      : declared;
    if (versionInfo === reachable.version) return { kind: 'unchanged' };
    // Who holds no cluster that drains has no connections that use it.
    const isWithoutWhatDrains = kind === 'cluster' && (versionInfo === '' || versionInfo === declared.version);
    const view = isWithoutWhatDrains ? declared : reachable;
    if (versionInfo === view.version) return { kind: 'unchanged' };
    return { kind: 'response', body: this.#render(apiVersion, view) };
  }

  #subscriptionTo(names: readonly string[]): Subscription {
    if (names.length === 0 || names.includes('*')) return this.#everything;
    return this.#subscriptions.intern(false, names);
  }

  #render(apiVersion: ApiVersion, view: View): string {
    let body = this.#bodies.get(view);
    if (body === undefined) {
      const { parts } = encodeChanges(view, view.differenceFrom(Holding.nothing), view.held);
      const name = responseNames[apiVersion];
      body = JSON.stringify(toProtoJson(name, decodeMessage(name, Buffer.concat(parts))));
      this.#bodies.set(view, body);
    }
    return body;
  }
}

function readNames(request: JsonMessage): readonly string[] {
  const names = request.strings('resource_names');
  if (names.length <= maxNames) return names;
  throw new FieldError(`resource_names: ${names.length} names, at most ${maxNames} are taken; without names all are sent`);
}

function requireNames(names: readonly string[]): void {
  if (names.length > 0 && !names.includes('*')) return;
  throw new FieldError('resource_names: required, secrets are given by name only');
}

// The path says it already.
function checkTypeUrl(request: JsonMessage, expected: string): void {
  const typeUrl = request.string('type_url');
  if (typeUrl === '' || typeUrl === expected) return;
  throw new FieldError(`type_url ${JSON.stringify(typeUrl)}: this path serves ${expected}`);
}

function readNode(request: JsonMessage): Node {
  const node = request.message('node');
  const id = node?.string('id') ?? '';
  if (node === undefined || id === '') throw new FieldError('node.id: required');
  const cluster = node.string('cluster');
  const problem = findNodeProblem({ id, cluster });
  if (problem !== undefined) throw new FieldError(problem);
  const version = node.string('user_agent_version') || readBuildVersion(node.message('user_agent_build_version'));
  return { id, cluster, ...shortUserAgent(node.string('user_agent_name'), version) };
}

// As Envoy tells its release.
function readBuildVersion(build: JsonMessage | undefined): string {
  const version = build?.message('version');
  if (version === undefined) return '';
  return ['major_number', 'minor_number', 'patch'].map((name) => version.uint32(name)).join('.');
}
