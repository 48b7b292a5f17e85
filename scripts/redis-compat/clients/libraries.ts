// The client libraries that are tried, in which release, and how their drivers are started.

import { checkoutPath } from '../../../test/support/checkout.ts';

export interface Library {
  readonly name: string;
  readonly version: string;
  /** The first words of a driver's command line. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Who brings it into which folder; left out: it is among the project's own packages. */
  readonly source?: Source;
  /** Settings that may help where the defaults don't: as its users write them, and as its driver takes them. */
  readonly remedies: readonly Remedy[];
}

export interface Remedy {
  readonly shown: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Source {
  readonly by: 'pip' | 'npm' | 'maven';
  /** The package in its own words; for Maven the pom has them. */
  readonly packages: readonly string[];
  readonly folder: string;
}

const drivers = checkoutPath('scripts/redis-compat/clients/drivers');
const node = [process.execPath, '--disable-warning=ExperimentalWarning'] as const;

const javaFolder = clientFolder('java-jedis-8.0.2-lettuce-7.7.0');
const java: Source = { by: 'maven', packages: [], folder: javaFolder };

/** The newest releases: all is tried with them. */
export const libraries: readonly Library[] = [
  redisPy('8.1.0'),
  {
    name: 'ioredis',
    version: '6.0.0',
    command: [...node, `${drivers}/ioredis.ts`],
    remedies: [{ shown: 'enableReadyCheck: false', options: { enableReadyCheck: false } }],
  },
  nodeRedis('6.3.1'),
  {
    name: 'Jedis',
    version: '8.0.2',
    command: javaCommand('JedisDriver'),
    source: java,
    remedies: [{ shown: 'protocol(RESP2)', options: { protocol: 'RESP2' } }],
  },
  {
    name: 'Lettuce',
    version: '7.7.0',
    command: javaCommand('LettuceDriver'),
    source: java,
    remedies: [{ shown: 'protocolVersion(RESP2)', options: { protocolVersion: 'RESP2' } }],
  },
];

/** Older releases that many still use: how they connect. */
export const olderLibraries: readonly Library[] = [redisPy('7.1.0'), redisPy('5.2.1'), nodeRedis('5.12.1')];

/** `ioredis 6.0.0`. */
export function fullName({ name, version }: Pick<Library, 'name' | 'version'>): string {
  return `${name} ${version}`;
}

function redisPy(version: string): Library {
  const folder = clientFolder(`redis-py-${version}`);
  return {
    name: 'redis-py',
    version,
    command: ['python3', `${drivers}/redis_py.py`],
    env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
    source: { by: 'pip', packages: [`redis==${version}`], folder },
    remedies: [{ shown: 'protocol=2', options: { protocol: 2 } }],
  };
}

function nodeRedis(version: string): Library {
  const folder = clientFolder(`node-redis-${version}`);
  return {
    name: 'node-redis',
    version,
    command: [...node, `${drivers}/node-redis.ts`],
    env: { CLIENT_FOLDER: folder },
    source: { by: 'npm', packages: [`redis@${version}`], folder },
    remedies: [{ shown: 'RESP: 2', options: { RESP: 2 } }],
  };
}

function javaCommand(driver: string): string[] {
  return ['java', '-cp', `${javaFolder}/*:${javaFolder}/drivers`, driver];
}

function clientFolder(name: string): string {
  return checkoutPath(`.cache/${name}`);
}
