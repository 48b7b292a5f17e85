import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { parse } from 'yaml';

import { readBootstrap } from '../support/bootstrap.ts';
import type { Bootstrap } from '../support/bootstrap.ts';
import { validateBootstrap } from '../support/envoy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeTlsFolder } from '../support/tls-folder.ts';
import { runInProcess } from './canned-api.ts';

const modes = ['ads', 'delta-ads', 'streams', 'delta-streams', 'rest'];

/** What is asked for, and where it stands in a file. */
const asked = ['--node-id', '0x7: "é" #', '--group', '123', '--server', '[2001:db8::1]:99', '--admin', '127.0.0.1:77'];

for (const mode of modes) {
  describe(`bootstrap --mode ${mode}`, () => {
    test('is the shipped file, but for the node id', async () => {
      const { status, stdout } = await runInProcess(['bootstrap', '--mode', mode, '--node-id', 'envoy-1']);
      const shipped = await readBootstrap(`envoy/redis-v3-${mode}.yaml`);
      assert.deepEqual(parse(stdout), { ...shipped, node: { ...shipped.node, id: 'envoy-1' } });
      assert.equal(status, 0);
    });

    test('is the shipped file, but for what is asked, and Envoy takes it', async (t) => {
      const { stdout } = await runInProcess(['bootstrap', '--mode', mode, ...asked]);
      const expected = await readBootstrap(`envoy/redis-v3-${mode}.yaml`);
      Object.assign(expected.node, { id: '0x7: "é" #', cluster: '123' });
      expected.admin.address.socket_address.port_value = 77;
      for (const {
        name,
        load_assignment: { endpoints },
      } of expected.static_resources.clusters) {
        const address = endpoints[0]?.lb_endpoints[0]?.endpoint.address.socket_address ?? assert.fail(name);
        Object.assign(address, { address: '2001:db8::1', port_value: name === 'xds_rest' ? 8_000 : 99 });
      }
      assert.deepEqual(parse(stdout), expected);
      const path = join(await tempDir(t), 'envoy.yaml');
      await writeFile(path, stdout);
      const validated = await validateBootstrap(path);
      assert.equal(validated.status, 0, validated.stdout + validated.stderr);
    });
  });
}

/** The transport sockets of the clusters that lead to the control plane. */
function socketsOf(text: string): Record<string, unknown> {
  const { clusters } = (parse(text) as Bootstrap).static_resources;
  return Object.fromEntries(clusters.map((cluster) => [cluster.name, (cluster as { transport_socket?: unknown }).transport_socket]));
}

function tlsSocket(context: object, common: object = {}): object {
  const type = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';
  const limit = { tls_params: { tls_maximum_protocol_version: 'TLSv1_3' } };
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: { '@type': type, ...context, common_tls_context: { ...limit, ...common } },
  };
}

function trusting(san_type: string, exact: string): object {
  const names = [{ san_type, matcher: { exact } }];
  return { validation_context: { trusted_ca: { filename: '/ca' }, match_typed_subject_alt_names: names } };
}

const h2 = { alpn_protocols: ['h2'] };
const own = { tls_certificates: [{ certificate_chain: { filename: '/crt' }, private_key: { filename: '/key' } }] };

const tlsCases: readonly (readonly [words: string, sockets: Record<string, unknown>])[] = [
  ['--tls-ca /ca', { xds_cluster: tlsSocket({ sni: 'control-plane' }, { ...h2, ...trusting('DNS', 'control-plane') }) }],
  [
    '--tls-ca /ca --tls-cert /crt --tls-key /key --server cp.example:1',
    { xds_cluster: tlsSocket({ sni: 'cp.example' }, { ...h2, ...own, ...trusting('DNS', 'cp.example') }) },
  ],
  [
    '--tls-ca /ca --server 10.0.0.1:1',
    { xds_cluster: tlsSocket({}, { ...h2, ...trusting('IP_ADDRESS', '10.0.0.1') }) },
  ],
  [
    '--tls-ca /ca --server 10.0.0.1:1 --tls-name cp.example',
    { xds_cluster: tlsSocket({ sni: 'cp.example' }, { ...h2, ...trusting('DNS', 'cp.example') }) },
  ],
  [
    '--tls-ca /ca --mode rest --server a:1 --api b:2',
    {
      xds_cluster: tlsSocket({ sni: 'a' }, { ...h2, ...trusting('DNS', 'a') }),
      xds_rest: tlsSocket({ sni: 'b' }, trusting('DNS', 'b')),
    },
  ],
  [
    '--tls-ca /ca --mode rest --server a:1 --tls-ports xds',
    { xds_cluster: tlsSocket({ sni: 'a' }, { ...h2, ...trusting('DNS', 'a') }), xds_rest: undefined },
  ],
];

describe('bootstrap with TLS', () => {
  for (const [words, sockets] of tlsCases) {
    test(words, async () => {
      const { status, stdout } = await runInProcess(['bootstrap', '--node-id', 'e', ...words.split(' ')]);
      assert.deepEqual(socketsOf(stdout), sockets);
      const timeouts = Array.from(stdout.matchAll(/connect_timeout: (\d+)s/gu), ([, seconds]) => Number(seconds));
      assert.deepEqual(timeouts, Object.values(sockets).map((socket) => (socket === undefined ? 5 : 30)));
      assert.equal(status, 0);
    });
  }

  for (const mode of modes) {
    test(`Envoy takes that of ${mode} without a warning`, async (t) => {
      const { ca, clientCert, clientKey } = await makeTlsFolder(t);
      const tls = ['--tls-ca', ca, '--tls-cert', clientCert, '--tls-key', clientKey];
      const { stdout } = await runInProcess(['bootstrap', '--mode', mode, '--node-id', 'e', '--server', 'cp:1', ...tls]);
      const path = join(await tempDir(t), 'envoy.yaml');
      await writeFile(path, stdout);
      const validated = await validateBootstrap(path);
      const said = validated.stdout + validated.stderr;
      assert.equal(validated.status, 0, said);
      assert.doesNotMatch(said, /\[(warning|error|critical)\]/u);
    });
  }
});

test('comments say what is there, not what is to be changed', async () => {
  const { stdout } = await runInProcess(['bootstrap', '--node-id', 'envoy-1', '--server', 'cp:1']);
  assert.match(stdout, /^# Redis behind a current Envoy that takes everything.*\n(?:# .*\n)+admin:\n/u);
  assert.doesNotMatch(stdout, /To change/u);
});

test('the REST API of rest mode can be elsewhere', async () => {
  const { stdout } = await runInProcess([
    'bootstrap',
    '--mode',
    'rest',
    '--node-id',
    'e',
    '--server',
    'a:1',
    '--api',
    'b:2',
  ]);
  assert.match(stdout, /address: a, port_value: 1 /u);
  assert.match(stdout, /address: b, port_value: 2 /u);
});

const refused: readonly (readonly [words: string, line: RegExp])[] = [
  ['--mode ads', /--node-id/u],
  ['--node-id e --api-version v2', /--api-version "v2": must be v3: .*b\.yaml/u],
  ['--node-id e --mode udp', /--mode "udp": must be one of ads, delta-ads, streams, delta-streams, rest/u],
  ['--node-id e --server :5678', /--server ":5678": must be HOST:PORT/u],
  ['--node-id e --admin localhost:1', /--admin "localhost:1": must be an IP address/u],
  ['--node-id=', /--node-id "": must not be empty/u],
  ['--node-id e --tls-cert /crt', /--tls-cert: must have --tls-ca beside it/u],
  ['--node-id e --tls-name a', /--tls-name: must have --tls-ca beside it/u],
  ['--node-id e --tls-ca /ca --tls-cert /crt', /--tls-cert: its key must be given too, by --tls-key/u],
  ['--node-id e --tls-ca /ca --tls-key /key', /--tls-key: its certificate must be given too, by --tls-cert/u],
  ['--node-id e --tls-ca /ca --tls-ports xds,redis', /--tls-ports "xds,redis": must be xds,api or one of them/u],
];
for (const [words, line] of refused) {
  test(`${words} is refused`, async () => {
    const { status, stdout, stderr } = await runInProcess(['bootstrap', ...words.split(' ')]);
    assert.match(stderr, line);
    assert.deepEqual([status, stdout], [2, '']);
  });
}
