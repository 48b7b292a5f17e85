// The files in envoy/ as templates: what one Envoy has of its own is put into them, and their comments stay.

import { isMap, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';

import type { Address } from '../net/address.ts';

/** What is undefined stays as the template has it. */
export interface BootstrapValues {
  readonly nodeId: string;
  readonly group: string | undefined;
  readonly admin: Address | undefined;
  /** Where these clusters of the file lead, as far as it has them. */
  readonly xds_cluster: Address | undefined;
  readonly xds_rest: Address | undefined;
}

/** The file's text. @param template a v3 bootstrap, in YAML. */
export function writeBootstrap(template: string, values: BootstrapValues): string {
  const document = parseDocument(withoutInstructions(template));
  document.setIn(['node', 'id'], values.nodeId);
  if (values.group !== undefined) document.setIn(['node', 'cluster'], values.group);
  if (values.admin !== undefined) setAddress(document, ['admin'], values.admin);
  for (const name of ['xds_cluster', 'xds_rest'] as const) {
    const address = values[name];
    const index = findCluster(document, name);
    if (address === undefined || index < 0) continue;
    setAddress(
      document,
      ['static_resources', 'clusters', index, 'load_assignment', 'endpoints', 0, 'lb_endpoints', 0, 'endpoint'],
      address,
    );
  }
  return document.toString({ lineWidth: 0, indentSeq: false });
}

function setAddress(document: Document, path: readonly (string | number)[], { host, port }: Address): void {
  const socket = [...path, 'address', 'socket_address'];
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
