// Whether what Envoys had asked a server before it was taken from them is answered, as far as its connections tell.
// Envoy closes those on which nothing is open at once, and each of the others when its last answer has come;
// connections of TCP listeners stay for as long as their clients do. Pure.

import type { Trouble } from './connection.ts';
import type { ConnectionsLook, ServerConnection } from './connections.ts';

/** `unknown`: it can't be seen, and why. */
export type Drained =
  | { readonly state: 'yes' }
  | { readonly state: 'no'; readonly inUse: number; readonly detail: string }
  | { readonly state: 'unknown'; readonly detail: string };

// Which may be over at the next look. Who hung up on us need not have done so on others.
const passing: ReadonlySet<Trouble> = new Set(['timeout', 'busy', 'closed']);

// What those ask who look after servers, and Envoy does not when it has no health check on them.
const ofWatchers = /^(ping|role|info|hello|auth|config\|get|client\||NULL)/u;

// Whoever sent nothing for so long, and waits for nothing, is no matter; what Envoy closes is closed by then.
const quietS = 2;

/** From where Envoys connect to servers, as far as it is known. @param peers where they connect from to us. */
export function hostsOfEnvoys(
  peers: Iterable<string>,
  { ownHost }: { readonly ownHost: string | undefined },
): Set<string> {
  const hosts = new Set(peers);
  const isHere = Array.from(hosts).some((host) => host === '::1' || host.startsWith('127.'));
  if (isHere && ownHost !== undefined) hosts.add(ownHost);
  return hosts;
}

/**
 * @param look after every Envoy has taken it that the server is out.
 * @param hosts of Envoys; undefined: none of them was seen at the server before, so that everybody may be one.
 */
export function judgeDrained(look: ConnectionsLook, hosts: ReadonlySet<string> | undefined): Drained {
  if ('trouble' in look) {
    // Where nobody listens, nobody has anything to answer.
    if (look.trouble === 'refused') return { state: 'yes' };
    const detail = `the server does not tell who is connected: ${look.detail}`;
    return passing.has(look.trouble) ? { state: 'no', inUse: 0, detail } : { state: 'unknown', detail };
  }
  const inUse = look.connections.filter((each) => (hosts?.has(each.host) ?? true) && isInUse(each));
  if (inUse.length === 0) return { state: 'yes' };
  return { state: 'no', inUse: inUse.length, detail: describe(inUse) };
}

function isInUse({ isBusy, idleS, command }: ServerConnection): boolean {
  return isBusy || (idleS < quietS && !ofWatchers.test(command));
}

const maxShown = 3;

function describe(inUse: readonly ServerConnection[]): string {
  const busy = inUse.filter(({ isBusy }) => isBusy).length;
  const from = [...new Set(inUse.map(({ host }) => host))];
  const more = from.length > maxShown ? ` and ${from.length - maxShown} more` : '';
  const shown = `${from.slice(0, maxShown).join(', ')}${more}`;
  const commands = [...new Set(inUse.map(({ command }) => command))].slice(0, maxShown).join(', ');
  const count = inUse.length === 1 ? '1 connection' : `${inUse.length} connections`;
  return `${count} from ${shown}, ${busy} of them with a command that is not answered (last commands: ${commands})`;
}
