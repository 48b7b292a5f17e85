// A cluster as the resources that Envoy is given for it: the cluster itself, and its endpoints.

import type { ServedCluster } from '../inventory/served-cluster.ts';
import { encodeMessage } from '../proto/protos.ts';
import { messageNames } from '../snapshot/dialect.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { Resource } from '../snapshot/resource.ts';
import { buildCluster } from './cluster.ts';
import { buildLoadAssignment } from './load-assignment.ts';
import type { RenderOptions } from './options.ts';

export function renderCluster({ declared }: ServedCluster, dialect: Dialect, options: RenderOptions): Resource {
  const message = buildCluster(declared, dialect, options.xdsClusterName);
  return new Resource(declared.name, encodeMessage(messageNames[dialect.apiVersion].cluster, message));
}

export function renderEndpoints({ name, hosts }: ServedCluster, { apiVersion }: Dialect): Resource {
  return new Resource(name, encodeMessage(messageNames[apiVersion].endpoint, buildLoadAssignment(name, hosts)));
}

/** The encoded endpoints of a cluster that is not declared. */
export function encodeNoEndpoints(name: string, apiVersion: ApiVersion): Uint8Array {
  return encodeMessage(messageNames[apiVersion].endpoint, buildLoadAssignment(name, []));
}
