// The flags of `controlplane bootstrap` for a control plane whose ports have TLS.

import type { Option } from 'commander';

import { UsageError } from '../process/failure.ts';
import type { ControlPlaneCluster, ControlPlaneTls } from './bootstrap-file.ts';
import { option } from './define.ts';

const clustersByPort: ReadonlyMap<string, ControlPlaneCluster> = new Map([
  ['xds', 'xds_cluster'],
  ['api', 'xds_rest'],
]);

const caHelp = `The CAs of the control plane's certificate, in PEM: it is reached with TLS. A path on the host of this \
Envoy.`;
const nameHelp = `What that certificate is made out to: a host name or an IP address. Default: the host of --server and \
--api`;
const certHelp = "Envoy's own certificate, where it needs one, and what leads to its CA: a path like that of --tls-ca.";
const portsHelp = "Which of the control plane's ports have TLS, as its own flag of this name says. Default: xds,api";

export interface TlsValues {
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsName?: string;
  readonly tlsPorts?: readonly ControlPlaneCluster[];
}

/** @param parseText reads a path, or a name. */
export function tlsOptions(parseText: (text: string) => string): Option[] {
  return [
    option('--tls-ca <FILE>', caHelp, parseText),
    option('--tls-name <NAME>', nameHelp, parseText),
    option('--tls-cert <FILE>', certHelp, parseText),
    option('--tls-key <FILE>', 'The private key of --tls-cert.', parseText),
    option('--tls-ports <PORTS>', portsHelp, parsePorts),
  ];
}

/** Undefined: without TLS. @throws UsageError */
export function readTls(values: TlsValues): ControlPlaneTls | undefined {
  const { tlsCa: ca, tlsCert: cert, tlsKey: key, tlsName: name, tlsPorts: ports } = values;
  const [other] = Object.entries({ cert, key, name, ports }).find(([, value]) => value !== undefined) ?? [];
  if (ca === undefined) {
    if (other !== undefined) throw new UsageError(`--tls-${other}: must have --tls-ca beside it`);
    return undefined;
  }
  const clusters = ports ?? [...clustersByPort.values()];
  if (cert !== undefined && key !== undefined) return { clusters, ca, own: { cert, key }, name };
  if (cert !== undefined) throw new UsageError('--tls-cert: its key must be given too, by --tls-key');
  if (key !== undefined) throw new UsageError('--tls-key: its certificate must be given too, by --tls-cert');
  return { clusters, ca, own: undefined, name };
}

function parsePorts(text: string): ControlPlaneCluster[] {
  return text.split(',').map((name) => {
    const cluster = clustersByPort.get(name.trim());
    if (cluster === undefined) throw new Error('must be xds,api or one of them');
    return cluster;
  });
}
