// The files in envoy/ as templates: what one Envoy has of its own is put into them, and their comments stay.

import { isMap, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';

import type { Address } from '../net/address.ts';
import { buildTransportSocket } from './transport-socket.ts';
import type { UpstreamTls } from './transport-socket.ts';

/** What is undefined stays as the template has it. */
export interface BootstrapValues {
  readonly nodeId: string;
  readonly group: string | undefined;
  readonly admin: Address | undefined;
  /** Where these clusters of the file lead, as far as it has them. */
  readonly xds_cluster: Address | undefined;
  readonly xds_rest: Address | undefined;
  /** How those of them are reached that have TLS. */
  readonly tls: ControlPlaneTls | undefined;
}

export interface ControlPlaneTls extends UpstreamTls {
  readonly clusters: readonly ControlPlaneCluster[];
}

/** The clusters that lead to the control plane: its xDS, and its REST API. */
export type ControlPlaneCluster = 'xds_cluster' | 'xds_rest';

// By HTTP/1.1, which needs no name, it polls.
const protocolsOf: Readonly<Record<ControlPlaneCluster, readonly string[]>> = { xds_cluster: ['h2'], xds_rest: [] };

/** The file's text. @param template a v3 bootstrap, in YAML. */
export function writeBootstrap(template: string, values: BootstrapValues): string {
  const document = parseDocument(withoutInstructions(template));
  document.setIn(['node', 'id'], values.nodeId);
  if (values.group !== undefined) document.setIn(['node', 'cluster'], values.group);
  if (values.admin !== undefined) setAddress(document, ['admin'], values.admin);
  for (const name of ['xds_cluster', 'xds_rest'] as const) {
    const index = findCluster(document, name);
    if (index < 0) continue;
    const cluster = ['static_resources', 'clusters', index];
    const endpoint = [...cluster, 'load_assignment', 'endpoints', 0, 'lb_endpoints', 0, 'endpoint'];
    const address = values[name];
    if (address !== undefined) setAddress(document, endpoint, address);
    if (values.tls?.clusters.includes(name) !== true) continue;
    const host = document.getIn([...endpoint, ...socketAddress, 'address']) as string;
    const socket = document.createNode(buildTransportSocket(values.tls, host, protocolsOf[name]));
    socket.commentBefore = ' Envoy reads these files when it starts.';
    document.setIn([...cluster, 'transport_socket'], socket);
    document.setIn([...cluster, 'connect_timeout'], handshakeTimeout);
  }
  return document.toString({ lineWidth: 0, indentSeq: false });
}

// The handshake counts as connecting: a fleet that comes back at once waits in line for it.
const handshakeTimeout = '30s';
const socketAddress = ['address', 'socket_address'] as const;

function setAddress(document: Document, path: readonly (string | number)[], { host, port }: Address): void {
  const socket = [...path, ...socketAddress];
  document.setIn([...socket, 'address'], host);
  document.setIn([...socket, 'port_value'], port);
}

function findCluster(document: Document, name: string): number {
  const clusters = document.getIn(['static_resources', 'clusters']);
  return isSeq(clusters) ? clusters.items.findIndex((each) => isMap(each) && each.get('name') === name) : -1;
}

// Of the comment at the top the first paragraph says what the file is for, the others what is to be changed in it.
function withoutInstructions(template: string): string {
  const [, comment = '', rest = ''] = /^((?:#.*\n)*)([^]*)$/u.exec(template) ?? [];
  return `${comment.split('\n#\n')[0]?.trimEnd()}\n${rest}`;
}
