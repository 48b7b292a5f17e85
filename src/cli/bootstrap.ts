// `controlplane bootstrap`: a configuration file for an Envoy, made of those in envoy/.

import { readFile } from 'node:fs/promises';

import type { Command } from 'commander';

import { parseAddress, parseIpAndPort } from '../net/address.ts';
import type { Address } from '../net/address.ts';
import { Failure, UsageError } from '../process/failure.ts';
import { writeBootstrap } from './bootstrap-file.ts';
import { readTls, tlsOptions } from './bootstrap-tls.ts';
import type { TlsValues } from './bootstrap-tls.ts';
import type { Context } from './context.ts';
import { choiceOption, defineCommand, helpEnd, option } from './define.ts';

const modes = ['ads', 'delta-ads', 'streams', 'delta-streams', 'rest'] as const;
type Mode = (typeof modes)[number];

const description = `Prints a configuration file that an Envoy starts with, to be its own: all that it needs to find \
this control plane. It asks nobody. Without a flag a value is as in envoy/redis-v3-MODE.yaml, which the file is made \
of.`;

const modeHelp = `How Envoy is given clusters and listeners: ads: all on one stream; delta-ads: changes only; streams, \
delta-streams: a stream for each kind, and the listener in the file; rest: by polling. Default: ads`;

const defaultApiPort = 8_000;

interface Values extends TlsValues {
  readonly nodeId: string;
  readonly group?: string;
  readonly mode?: Mode;
  readonly server?: Address;
  readonly api?: Address;
  readonly admin?: Address;
}

export function buildBootstrap(context: Context): Command {
  const examples = [
    'bootstrap --node-id envoy-1 --server cp.example.com:5678 > envoy.yaml',
    'bootstrap --node-id envoy-2 --group edge --mode delta-ads --admin 127.0.0.1:9901',
    'bootstrap --node-id envoy-3 --mode rest --server 10.0.0.1:5678 --api 10.0.0.1:8000',
    'bootstrap --node-id envoy-4 --tls-ca /etc/ca.pem --tls-cert /etc/tls.crt --tls-key /etc/tls.key',
  ];
  const command = defineCommand(context, 'bootstrap')
    .description(description)
    .addOption(
      option(
        '--node-id <ID>',
        'By which the control plane knows this Envoy: its own.',
        parseName,
      ).makeOptionMandatory(),
    )
    .addOption(option('--group <GROUP>', 'Its node group (node.cluster).', parseName))
    .addOption(choiceOption('--mode <MODE>', modeHelp, modes))
    .addOption(choiceOption('--api-version <VERSION>', 'Of xDS. Default: v3', ['v3', 'v2']).argParser(readVersion))
    .addOption(option('--server <HOST:PORT>', "The control plane's xDS, as this Envoy reaches it.", parseReachable))
    .addOption(
      option(
        '--api <HOST:PORT>',
        `Of rest: its REST API, too. Default: the host of --server, port ${defaultApiPort}`,
        parseReachable,
      ),
    )
    .addOption(option('--admin <IP:PORT>', "Where Envoy's own admin interface listens.", parseIpAndPort));
  for (const each of tlsOptions(parseName)) command.addOption(each);
  return command
    .addHelpText('after', helpEnd(examples))
    .action(async (values: Values) => {
      const { nodeId, group, mode = 'ads', server, admin } = values;
      const tls = readTls(values);
      const api = values.api ?? (server && { host: server.host, port: defaultApiPort });
      const template = await readTemplate(mode);
      context.stdout.write(
        await writeBootstrap(template, { nodeId, group, admin, xds_cluster: server, xds_rest: api, tls }),
      );
    });
}

// A container may have been made without them.
async function readTemplate(mode: Mode): Promise<string> {
  const url = new URL(`../../envoy/redis-v3-${mode}.yaml`, import.meta.url);
  return readFile(url, 'utf8').catch((error: Error) => {
    throw new Failure(`the file that this is made of can't be read: ${error.message}`);
  });
}

function readVersion(text: string): string {
  const reason = 'Envoys that speak v2, up to 1.17, take b.yaml or envoy/http-v2.yaml, changed by hand';
  if (text !== 'v3') throw new UsageError(`--api-version ${JSON.stringify(text)}: must be v3: ${reason}`);
  return text;
}

// Envoy connects to it.
function parseReachable(text: string): Address {
  const address = parseAddress(text);
  if (text.startsWith(':') || address.port === 0) throw new Error('must be HOST:PORT, with a port above 0');
  return address;
}

function parseName(text: string): string {
  if (text === '') throw new Error('must not be empty');
  if (/\p{Cc}/u.test(text)) throw new Error('must hold no control characters');
  return text;
}
