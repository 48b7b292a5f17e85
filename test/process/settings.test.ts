import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { UsageError } from '../../src/process/failure.ts';
import { findUnknownVariables, parseSettings } from '../../src/process/settings.ts';
import type { Settings } from '../../src/process/settings.ts';

const defaults: Settings = {
  xdsAddress: { host: '0.0.0.0', port: 5678 },
  apiAddress: { host: '0.0.0.0', port: 8000 },
  apiHosts: [],
  tlsCert: undefined,
  tlsKey: undefined,
  tlsClientCa: undefined,
  tlsPorts: ['xds', 'api'],
  xdsSecrets: 'private',
  dnsServers: [],
  dataDir: './data',
  secretKeyFile: undefined,
  redisListener: { host: '0.0.0.0', port: 6379 },
  redisEmptyListener: { host: '127.0.0.1', port: 12_712 },
  redisCatchAll: undefined,
  redisDeny: [],
  xdsClusterName: 'xds_cluster',
  drainTimeMs: 600_000,
  goneTimeMs: 600_000,
  guardShare: 0.5,
  keptRevisions: 1_000,
  logLevel: 'info',
  logFormat: undefined,
};

const local = (port: number) => ({ host: '127.0.0.1', port });

const hundredCommands = Array.from({ length: 100 }, (_, index) => `c${index}`.padEnd(64, 'x'));

const notCommands = 'must be commands separated by commas, each of letters, digits, dots, dashes and underscores';

type Variables = Readonly<Record<string, string>>;

interface Case {
  readonly argv: readonly string[];
  readonly env?: Variables;
  readonly settings: Partial<Settings>;
}

const accepted: Readonly<Record<string, Case>> = {
  'nothing: the defaults': { argv: [], settings: {} },
  'one dash and a space, as in Go': { argv: ['-xds-address', '127.0.0.1:1'], settings: { xdsAddress: local(1) } },
  'one dash and =': { argv: ['-api-address=127.0.0.1:2'], settings: { apiAddress: local(2) } },
  'two dashes and a space': { argv: ['--api-address', '127.0.0.1:3'], settings: { apiAddress: local(3) } },
  'two dashes and =': { argv: ['--xds-address=127.0.0.1:4'], settings: { xdsAddress: local(4) } },
  'every flag': {
    argv: [
      ...['-xds-address', ':1', '-api-address', '[::1]:0', '-data-dir', '/var/lib/x', '-redis-listener', '127.0.0.1:7'],
      ...['-redis-catch-all', 'main', '-redis-deny', 'select', '-xds-cluster-name', 'xds', '-drain-time', '90s'],
      ...['-api-host', 'cp.example.com', '-guard-share', '30%', '-keep-revisions', '7'],
      ...['-log-level', 'silent', '-log-format', 'json'],
    ],
    settings: {
      xdsAddress: { host: '::', port: 1 },
      apiAddress: { host: '::1', port: 0 },
      apiHosts: ['cp.example.com'],
      guardShare: 0.3,
      keptRevisions: 7,
      dataDir: '/var/lib/x',
      redisListener: local(7),
      redisCatchAll: 'main',
      redisDeny: ['select'],
      xdsClusterName: 'xds',
      drainTimeMs: 90_000,
      logLevel: 'silent',
      logFormat: 'json',
    },
  },
  'every variable': {
    argv: [],
    env: {
      CONTROLPLANE_XDS_ADDRESS: '127.0.0.1:1',
      CONTROLPLANE_API_ADDRESS: '127.0.0.1:2',
      CONTROLPLANE_API_HOST: 'cp.example.com,cp',
      CONTROLPLANE_DATA_DIR: 'elsewhere',
      CONTROLPLANE_REDIS_LISTENER: '127.0.0.1:3',
      CONTROLPLANE_REDIS_CATCH_ALL: 'main',
      CONTROLPLANE_REDIS_DENY: 'watch,keys',
      CONTROLPLANE_XDS_CLUSTER_NAME: 'xds',
      CONTROLPLANE_DRAIN_TIME: '1h',
      CONTROLPLANE_LOG_LEVEL: 'trace',
      CONTROLPLANE_LOG_FORMAT: 'pretty',
    },
    settings: {
      xdsAddress: local(1),
      apiAddress: local(2),
      apiHosts: ['cp.example.com', 'cp'],
      dataDir: 'elsewhere',
      redisListener: local(3),
      redisCatchAll: 'main',
      redisDeny: ['watch', 'keys'],
      xdsClusterName: 'xds',
      drainTimeMs: 3_600_000,
      logLevel: 'trace',
      logFormat: 'pretty',
    },
  },
  'the last of two wins': {
    argv: ['-log-level', 'nonsense', '--log-level=warn'],
    settings: { logLevel: 'warn' },
  },
  'a flag wins over its variable, whatever that says': {
    argv: ['--log-level', 'debug', '--redis-catch-all='],
    env: { CONTROLPLANE_LOG_LEVEL: 'nonsense', CONTROLPLANE_REDIS_CATCH_ALL: 'main' },
    settings: { logLevel: 'debug', redisCatchAll: undefined },
  },
  'an empty data directory keeps nothing': { argv: ['--data-dir='], settings: { dataDir: undefined } },
  'so does an empty argument': { argv: ['--data-dir', ''], settings: { dataDir: undefined } },
  'so does an empty variable': {
    argv: [],
    env: { CONTROLPLANE_DATA_DIR: '' },
    settings: { dataDir: undefined },
  },
  'an empty flag wins over a variable': {
    argv: ['-data-dir='],
    env: { CONTROLPLANE_DATA_DIR: '/var/lib/x' },
    settings: { dataDir: undefined },
  },
  'a value is taken as it is, dashes and all': {
    argv: ['-redis-catch-all', '-x', '-data-dir', '--help'],
    settings: { redisCatchAll: '-x', dataDir: '--help' },
  },
  'another place for clusters without servers': {
    argv: ['--redis-empty-listener', '[::1]:7000', '--redis-listener=0.0.0.0:12712'],
    settings: { redisEmptyListener: { host: '::1', port: 7000 }, redisListener: { host: '0.0.0.0', port: 12_712 } },
  },
  'a value may hold =': { argv: ['--data-dir=a=b'], settings: { dataDir: 'a=b' } },
  'name servers': {
    argv: ['--dns-servers', '10.0.0.53:53, [::1]:8600'],
    settings: { dnsServers: ['10.0.0.53:53', '[::1]:8600'] },
  },
  'no memory of who went': { argv: ['--gone-time', '0'], settings: { goneTimeMs: 0 } },
  'no draining': { argv: ['--drain-time', '0'], settings: { drainTimeMs: 0 } },
  'names of any script': { argv: ['--redis-catch-all=兔子 1'], settings: { redisCatchAll: '兔子 1' } },
  'denied commands in lower case, in the order given': {
    argv: ['--redis-deny', 'WATCH,Select,json.get,eval_ro,a-b,7'],
    settings: { redisDeny: ['watch', 'select', 'json.get', 'eval_ro', 'a-b', '7'] },
  },
  'as many denied commands as may be, each as long as may be': {
    argv: ['--redis-deny', hundredCommands.join()],
    settings: { redisDeny: hundredCommands },
  },
  'no denied commands': { argv: ['--redis-deny='], env: { CONTROLPLANE_REDIS_DENY: 'select' }, settings: {} },
  'names with space between them': { argv: ['--api-host', 'a.b, c.d'], settings: { apiHosts: ['a.b', 'c.d'] } },
  'TLS on both ports': {
    argv: ['--tls-cert', 'a.crt', '--tls-key=a.key', '--tls-client-ca', 'ca.crt'],
    settings: { tlsCert: 'a.crt', tlsKey: 'a.key', tlsClientCa: 'ca.crt' },
  },
  'TLS on one port': {
    argv: ['--tls-ports', 'api'],
    env: { CONTROLPLANE_TLS_CERT: 'a.crt', CONTROLPLANE_TLS_KEY: 'a.key' },
    settings: { tlsCert: 'a.crt', tlsKey: 'a.key', tlsPorts: ['api'] },
  },
  'no TLS, though variables say otherwise': {
    argv: ['--tls-cert=', '--tls-key='],
    env: { CONTROLPLANE_TLS_CERT: 'a.crt', CONTROLPLANE_TLS_KEY: 'a.key' },
    settings: {},
  },
  'the end of the flags': { argv: ['--log-level=warn', '--'], settings: { logLevel: 'warn' } },
};

const refused: readonly (readonly [argv: readonly string[], message: string, env?: Variables])[] = [
  [['--nonsense'], '"--nonsense": no such flag, see --help'],
  [['-nonsense=1'], '"-nonsense=1": no such flag, see --help'],
  [['---data-dir=x'], '"---data-dir=x": no such flag, see --help'],
  [['-x'], '"-x": no such flag, see --help'],
  [['--no-help'], '"--no-help": no such flag, see --help'],
  [['--constructor'], '"--constructor": no such flag, see --help'],
  [['--__proto__=1'], '"--__proto__=1": no such flag, see --help'],
  [['-=1'], '"-=1": no such flag, see --help'],
  [['--Data-Dir=x'], '"--Data-Dir=x": no such flag, see --help'],
  [['--help', '--nonsense'], '"--nonsense": no such flag, see --help'],
  [['serve'], '"serve": only flags are taken, see --help'],
  [['-'], '"-": only flags are taken, see --help'],
  [[''], '"": only flags are taken, see --help'],
  [['--', '--log-level=warn'], '"--log-level=warn": only flags are taken, see --help'],
  [['--log-level', 'info', 'a\nb'], '"a\\nb": only flags are taken, see --help'],
  [['--data-dir'], '"--data-dir": a value must follow'],
  [['--version=1'], '"--version=1": takes no value'],
  [['-help=false'], '"-help=false": takes no value'],
  [['--dns-servers', 'ns.test'], '--dns-servers "ns.test": must be HOST:PORT, [IPV6]:PORT or :PORT'],
  [['-xds-address', '5678'], '--xds-address "5678": must be HOST:PORT, [IPV6]:PORT or :PORT'],
  [['-xds-address='], '--xds-address "": must be HOST:PORT, [IPV6]:PORT or :PORT'],
  [['-api-address', '0.0.0.0:65536'], '--api-address "0.0.0.0:65536": the port must be 0 to 65535'],
  [['-api-address', '-log-level'], '--api-address "-log-level": must be HOST:PORT, [IPV6]:PORT or :PORT'],
  [
    ['-redis-listener', 'localhost:6379'],
    '--redis-listener "localhost:6379": must be an IP address and a port, such as 0.0.0.0:6379',
  ],
  [
    ['--redis-empty-listener', '10.0.0.1:6380'],
    '--redis-empty-listener "10.0.0.1:6380": must be a loopback address and a port above 0',
  ],
  [
    ['--redis-empty-listener', '127.0.0.1:0'],
    '--redis-empty-listener "127.0.0.1:0": must be a loopback address and a port above 0',
  ],
  [
    ['--redis-listener', '0.0.0.0:12712'],
    '--redis-empty-listener "127.0.0.1:12712": must have another port than --redis-listener',
  ],
  ...['a.b:8000', 'a.b,', 'http://a.b', '10.0.0', '*'].map((text) => {
    return [['--api-host', text], `--api-host "${text}": must be host names separated by commas, without ports`] as const;
  }),
  [['--tls-cert', 'a.crt'], '--tls-cert "a.crt": its key must be given too, by --tls-key'],
  [['--tls-key', 'a.key'], '--tls-key "a.key": its certificate must be given too, by --tls-cert'],
  [['--tls-client-ca', 'ca.crt'], '--tls-client-ca "ca.crt": must have --tls-cert and --tls-key beside it'],
  [
    ['--tls-cert=a.crt', '--tls-key=a.key', '--tls-client-ca=ca.crt', '--tls-ports=api'],
    '--tls-client-ca "ca.crt": must have xds among --tls-ports',
  ],
  [['--tls-ports', 'xds,'], '--tls-ports "xds,": must be one of xds, api'],
  [['--tls-ports', 'api,api'], '--tls-ports "api,api": must name a port once'],
  [['--redis-catch-all', 'a\u0000'], '--redis-catch-all "a\\u0000": must hold no control characters'],
  [['--redis-deny', 'select, watch'], `--redis-deny "select, watch": ${notCommands}`],
  [['--redis-deny', 'select,'], `--redis-deny "select,": ${notCommands}`],
  [['--redis-deny', 'config get'], `--redis-deny "config get": ${notCommands}`],
  [['--redis-deny', 'séLECT'], `--redis-deny "séLECT": ${notCommands}`],
  [['--redis-deny', 'get,GET'], '--redis-deny "get,GET": must not hold get twice'],
  [
    ['--redis-deny', 'select,Ping'],
    '--redis-deny "select,Ping": must not hold ping: Envoy answers it itself, whatever is denied',
  ],
  [
    ['--redis-deny', 'x'.repeat(65)],
    `--redis-deny "${'x'.repeat(65)}": a command must have at most 64 characters`,
  ],
  [
    ['--redis-deny', `${hundredCommands},more`],
    `--redis-deny "${hundredCommands},more": must be at most 100 commands`,
  ],
  [[], 'CONTROLPLANE_REDIS_DENY "get,get": must not hold get twice', { CONTROLPLANE_REDIS_DENY: 'get,get' }],
  [['--xds-cluster-name='], '--xds-cluster-name "": must not be empty'],
  [
    ['--drain-time', '600'],
    '--drain-time "600": must be a whole number and ms, s, m or h, such as 500ms, 10s or 1m',
  ],
  [['--guard-share', '0.5'], '--guard-share "0.5": must be 0% to 100%'],
  [['--guard-share=101%'], '--guard-share "101%": must be 0% to 100%'],
  [['--keep-revisions', '0'], '--keep-revisions "0": must be a whole number from 1 to 100000'],
  [['--keep-revisions=1e3'], '--keep-revisions "1e3": must be a whole number from 1 to 100000'],
  [['--drain-time=721h'], '--drain-time "721h": must be at most 720h'],
  [['--gone-time=721h'], '--gone-time "721h": must be at most 720h'],
  [
    ['--log-level', 'INFO'],
    '--log-level "INFO": must be one of fatal, error, warn, info, debug, trace, silent',
  ],
  [['--log-format=xml'], '--log-format "xml": must be one of pretty, json'],
  [[], 'CONTROLPLANE_LOG_FORMAT "xml": must be one of pretty, json', { CONTROLPLANE_LOG_FORMAT: 'xml' }],
  [
    [],
    'CONTROLPLANE_API_ADDRESS "": must be HOST:PORT, [IPV6]:PORT or :PORT',
    { CONTROLPLANE_API_ADDRESS: '' },
  ],
];

describe('settings are read from', () => {
  for (const [what, { argv, env = {}, settings }] of Object.entries(accepted)) {
    test(what, () => assert.deepEqual(parseSettings(argv, env), { ...defaults, ...settings }));
  }
});

describe('one line says what is wrong with', () => {
  for (const [argv, message, env = {}] of refused) {
    test(message, () => assert.throws(() => parseSettings(argv, env), new UsageError(message)));
  }
});

function readText(...argv: readonly string[]): string {
  const result = parseSettings(argv, { CONTROLPLANE_LOG_LEVEL: 'nonsense' });
  assert.ok('print' in result);
  return result.print;
}

test('--version prints the version of the package, whatever else is set', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  for (const flag of ['--version', '-version']) {
    assert.equal(readText('--log-format=xml', flag), `controlplane ${manifest.version}\n`);
  }
});

test('--help wins and prints every flag with its default', () => {
  const help = readText('--version', '--help');
  for (const flag of ['-help', '-h', '--h']) assert.equal(readText(flag), help);
  const shown = help.matchAll(/^ {2}--([a-z-]+) [A-Z:]+\n {8}\S.*\n(?: {8}Default: (.+)\n)?/gm);
  assert.deepEqual(Array.from(shown, ([, flag, value]) => [flag, value]), [
    ['xds-address', '0.0.0.0:5678'],
    ['api-address', '0.0.0.0:8000'],
    ['api-host', undefined],
    ['tls-cert', undefined],
    ['tls-key', undefined],
    ['tls-client-ca', undefined],
    ['tls-ports', 'xds,api'],
    ['xds-secrets', 'private'],
    ['dns-servers', undefined],
    ['data-dir', './data'],
    ['secret-key-file', undefined],
    ['redis-listener', '0.0.0.0:6379'],
    ['redis-empty-listener', '127.0.0.1:12712'],
    ['redis-catch-all', undefined],
    ['redis-deny', undefined],
    ['xds-cluster-name', 'xds_cluster'],
    ['drain-time', '600s'],
    ['gone-time', '10m'],
    ['guard-share', '50%'],
    ['keep-revisions', '1000'],
    ['log-level', 'info'],
    ['log-format', undefined],
  ]);
  assert.match(help, /^ {2}--version$/m);
  assert.match(help, /CONTROLPLANE_XDS_ADDRESS for --xds-address/);
  for (const line of help.split('\n')) assert.ok(line.length <= 110, line);
  const withCommands = parseSettings(['--help'], {}, '  status  Shows.\n');
  assert.ok('print' in withCommands && withCommands.print.includes('\n\n  status  Shows.\n\n'));
});

test('variables that look like settings but are none are found', () => {
  const env = {
    PATH: '/bin',
    CONTROLPLANE: '1',
    CONTROLPLANE_LOG_LEVEL: 'warn',
    CONTROLPLANE_REDIS_LISTNER: '0.0.0.0:1',
    CONTROLPLANE_HELP: '1',
    controlplane_data_dir: 'x',
    CONTROLPLANE_AUTHOR: 'ann',
    CONTROLPLANE_CONFIG: '',
  };
  assert.deepEqual(findUnknownVariables(env), ['CONTROLPLANE_HELP', 'CONTROLPLANE_REDIS_LISTNER']);
  assert.deepEqual(parseSettings([], env), { ...defaults, logLevel: 'warn' });
});
