// /api/v2/clusters/NAME/endpoints: the servers of a cluster that is not sharded, one by one. Each is known by its
// address and port.

import type { Request, RequestHandler } from 'express';
import type { Desk } from '../../commit/desk.ts';
import { InventoryError } from '../../inventory/errors.ts';
import { compareServers } from '../../model/canonical.ts';
import { maxEndpoints } from '../../model/limits.ts';
import { FaultsError } from '../../model/faults.ts';
import type { Cluster, Endpoint, ListedCluster, ReplicatedCluster } from '../../model/objects.ts';
import { parseCluster } from '../../model/parse.ts';
import { primaryOf } from '../../model/primary.ts';
import { formatAddress, isServerName, parseServerAddress, parseServerHost } from '../../net/address.ts';
import { readAuthor } from './author.ts';
import { readJsonBody, readOptionalJsonBody } from './json-body.ts';
import { mergePatch } from './merge-patch.ts';
import type { EndpointListMessage } from './messages.ts';
import { parseNamed } from './named-body.ts';
import { clusterType, layerOf } from './object-type.ts';
import { notFound, patchTypes } from './objects.ts';
import { buildOrderMessage } from './order-message.ts';
import { readConditions, tagOf } from './precondition.ts';
import { ProblemError } from './problem.ts';
import { parseParameter, readQuery } from './query.ts';
import { sendJson, sendTagged } from './send.ts';
import { stageObject } from './stage-object.ts';
import { describeView, parseView } from './view.ts';

interface OfCluster {
  name: string;
}

interface OfEndpoint extends OfCluster {
  endpoint: string;
}

type Key = Pick<Endpoint, 'address' | 'port'>;

export function createEndpointListHandler(desk: Desk): RequestHandler<OfCluster> {
  return (request, response) => {
    const { name, endpoints } = readCluster(desk, request);
    const orders = desk.orders().filter(({ cluster }) => cluster === name);
    const shown = orders.length === 0 ? {} : { orders: orders.map(buildOrderMessage) };
    const message: EndpointListMessage = { endpoints, ...shown };
    sendJson(response, message);
  };
}

export function createEndpointGetHandler(desk: Desk): RequestHandler<OfEndpoint> {
  return (request, response) => {
    const key = parseKey(request.params.endpoint);
    const { endpoints } = readCluster(desk, request);
    sendTagged(request, response, endpoints.find((each) => compareServers(each, key) === 0) ?? throwMissing(key));
  };
}

/** Creates or replaces: answers the endpoint. */
export function createEndpointPutHandler(desk: Desk): RequestHandler<OfEndpoint> {
  return async (request, response) => {
    const { name } = request.params;
    const key = parseKey(request.params.endpoint);
    const body = await readOptionalJsonBody(request);
    let answer: Endpoint | undefined;
    const before = await stageEndpoint(desk, request, key, (_current, parse) => {
      answer = parseNamed(body, { ...key }, parse, isSameField);
      return answer;
    });
    const path = `${request.baseUrl}/clusters/${encodeURIComponent(name)}/endpoints/`;
    if (before === undefined) response.set('Location', path + encodeURIComponent(textOf(key)));
    if (answer !== undefined) sendTagged(request, response, answer, before === undefined ? 201 : 200);
  };
}

/** Changes what a merge patch says: answers the endpoint. */
export function createEndpointPatchHandler(desk: Desk): RequestHandler<OfEndpoint> {
  return async (request, response) => {
    const key = parseKey(request.params.endpoint);
    const patch = await readJsonBody(request, patchTypes);
    let answer: Endpoint | undefined;
    await stageEndpoint(desk, request, key, (current = throwMissing(key), parse) => {
      answer = parseNamed(mergePatch(current, patch), { ...key }, parse, isSameField);
      return answer;
    });
    if (answer !== undefined) sendTagged(request, response, answer);
  };
}

export function createEndpointDeleteHandler(desk: Desk): RequestHandler<OfEndpoint> {
  return async (request, response) => {
    const key = parseKey(request.params.endpoint);
    await stageEndpoint(desk, request, key, (current = throwMissing(key)) => void current);
    response.status(204).end();
  };
}

/** Throws FaultsError. */
type Parse = (value: unknown) => Endpoint;

/** Gives the endpoint that was there. @param decide undefined: it is to go; is given what parses one of the cluster. */
async function stageEndpoint(
  desk: Desk,
  request: Request<OfEndpoint>,
  key: Key,
  decide: (current: Endpoint | undefined, parse: Parse) => Endpoint | undefined,
): Promise<Endpoint | undefined> {
  const { name } = request.params;
  readQuery(request, []);
  const author = readAuthor(request);
  const conditions = readConditions(request);
  let before: Endpoint | undefined;
  await stageObject(desk, clusterType, name, author, (current) => {
    const cluster = requireListed(current ?? throwNoCluster(name));
    const index = cluster.endpoints.findIndex((each) => compareServers(each, key) >= 0);
    const there = cluster.endpoints[index];
    before = there !== undefined && compareServers(there, key) === 0 ? there : undefined;
    conditions.check(before && [tagOf(JSON.stringify(before))]);
    const after = decide(before, (value) => parseEndpoint(cluster.kind, value));
    const place = index < 0 ? cluster.endpoints.length : index;
    const added = after === undefined ? [] : [after];
    const next = withEndpoints(cluster, cluster.endpoints.toSpliced(place, before === undefined ? 0 : 1, ...added));
    // Not every cluster takes names.
    return added.some(({ address }) => isServerName(address)) ? parseCluster(next) : next;
  });
  return before;
}

// As canonical as it was: one endpoint of ten thousand is not to cost a check of them all.
function withEndpoints(cluster: ListedCluster, endpoints: readonly Endpoint[]): ListedCluster {
  if (endpoints.length > maxEndpoints) {
    throw new ProblemError(409, `cluster ${JSON.stringify(cluster.name)}: at most ${maxEndpoints} endpoints are taken`);
  }
  const listed = Object.freeze(endpoints);
  if (cluster.kind === 'replicated') return Object.freeze(withPrimary(cluster, listed));
  return Object.freeze({ ...cluster, endpoints: listed });
}

/** The first server is the primary, and goes last. @throws InventoryError */
function withPrimary(cluster: ReplicatedCluster, endpoints: readonly Endpoint[]): ReplicatedCluster {
  const { primary, ...rest } = cluster;
  const [first] = endpoints;
  if (first === undefined) return { ...rest, endpoints };
  if (primary === undefined) return parseCluster({ ...rest, primary: textOf(first), endpoints }) as ReplicatedCluster;
  if (primaryOf({ primary, endpoints }) !== undefined) return { ...cluster, endpoints };
  const message = `endpoint ${primary}: is the primary of the cluster: first make another one the primary`;
  throw new InventoryError('endpoint-is-primary', message);
}

function readCluster(desk: Desk, request: Request<OfCluster>): ListedCluster {
  const { name } = request.params;
  const { view: text = 'staged' } = readQuery(request, ['view']);
  const view = parseParameter('view', text, parseView);
  const cluster = clusterType.get(desk.declarations, layerOf(view), name);
  return requireListed(cluster ?? throwNoCluster(name, describeView(view)));
}

function requireListed(cluster: Cluster): ListedCluster {
  if (cluster.kind !== 'sharded') return cluster;
  const message = 'cluster is sharded: it has shards, which are changed with the cluster';
  throw new InventoryError('cluster-is-sharded', message);
}

/** An endpoint as a cluster of the kind has it. @throws FaultsError */
function parseEndpoint(kind: ListedCluster['kind'], value: unknown): Endpoint {
  const base = '/endpoints/0';
  // Which of them is the primary is no matter of the endpoint.
  const ofOne = { name: 'of-one', ...(kind === 'redis_cluster' && { kind }), endpoints: [value] };
  try {
    const { endpoints } = requireListed(parseCluster(ofOne));
    return endpoints[0] as Endpoint;
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    throw new FaultsError(error.faults.map((fault) => ({ ...fault, pointer: fault.pointer.slice(base.length) })));
  }
}

/** The address and port in a path. @throws ProblemError (404): what has no such text can't be there */
export function parseKey(text: string): Key {
  try {
    const { host, port } = parseServerAddress(text);
    return { address: host, port };
  } catch {
    throw new ProblemError(404, `endpoint ${JSON.stringify(text.slice(0, 100))}: must be IP:PORT, [IPV6]:PORT or NAME:PORT`);
  }
}

function isSameField(ofBody: unknown, ofPath: unknown): boolean {
  return ofBody === ofPath || (typeof ofBody === 'string' && parseServerHost(ofBody) === ofPath);
}

export function textOf({ address, port }: Key): string {
  return formatAddress({ host: address, port });
}

function throwMissing(key: Key): never {
  throw new ProblemError(404, `endpoint ${textOf(key)}: no such endpoint`);
}

function throwNoCluster(name: string, where?: string): never {
  throw notFound(clusterType, name, where);
}
