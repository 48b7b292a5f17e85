// An address that Envoy listens on, and the one filter that has its connections. The same message in v2 and v3.

import { encodeMessage } from '../proto/protos.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { Address } from '../net/address.ts';
import { typeUrlOf } from '../snapshot/dialect.ts';

/** v3 knows only long names of filters, Envoys that speak v2 know the short ones. `message` is its configuration's. */
export interface NetworkFilter {
  readonly name: string;
  readonly message: string;
}

/**
 * @param address an IP address in its canonical spelling; `::` takes IPv4 clients too.
 * @param transportSocket undefined: connections are as they come.
 */
export function buildListener(
  name: string,
  address: Address,
  filter: NetworkFilter,
  config: PlainMessage,
  transportSocket?: PlainMessage,
): PlainMessage {
  const typedConfig = { type_url: typeUrlOf(filter.message), value: encodeMessage(filter.message, config) };
  const filters = [{ name: filter.name, typed_config: typedConfig }];
  return {
    name,
    address: { socket_address: buildSocketAddress(address) },
    filter_chains: [{ filters, ...(transportSocket !== undefined && { transport_socket: transportSocket }) }],
  };
}

// As everywhere else, `::` means all addresses of both families; Envoy by itself would take IPv6 alone.
function buildSocketAddress({ host, port }: Address): PlainMessage {
  return { address: host, port_value: port, ...(host === '::' ? { ipv4_compat: true } : {}) };
}
