// What there is to tell of who takes the writes of a cluster, each a line that names it and the servers.

import type { Trouble } from './following.ts';

export function sayEmpty(cluster: string, leader: string, whoHasKeys: readonly string[]): Trouble {
  const rest = whoHasKeys.length === 0
    ? 'none of its replicas is seen to have them either'
    : `${whoHasKeys.join(', ')} still ${whoHasKeys.length === 1 ? 'has' : 'have'} keys`;
  const state = `primary ${leader} has come back empty, as another run: nothing is sent to it; ${rest}`;
  return say('primary-empty', cluster, `${state}: promote the one that is to go on`);
}

/** It was gone, is back, and does not say what it has. */
export function sayUncounted(cluster: string, leader: string): Trouble {
  const why = 'it does not tell how many keys it has (INFO), and it had some';
  return say('no-primary', cluster, `primary ${leader} was gone and is back: nothing is sent to it yet, ${why}`);
}

export function sayTwo(cluster: string, leader: string, rivals: readonly string[]): Trouble {
  const says = rivals.length === 1 ? 'says' : 'say';
  return say('two-primaries', cluster, `${rivals.join(', ')} ${says} to be the primary too; writes still go to ${leader}`);
}

export function sayReplica(
  cluster: string,
  leader: string,
  follows: string | undefined,
  primaries: readonly string[],
): Trouble {
  const whose = follows === undefined ? '' : ` of ${follows}`;
  const state = `${leader}, which writes go to, is a replica${whose}: they are answered READONLY`;
  return say('primary-is-replica', cluster, `${state}; ${describe(primaries)}`);
}

export function saySilent(
  cluster: string,
  leader: string,
  reason: string | undefined,
  isHeld: boolean,
  primaries: readonly string[],
): Trouble {
  const held = isHeld ? ', and is sent nothing until it answers and has its keys' : '';
  const state = `primary ${leader} does not answer (${reason ?? 'no reason known'})${held}`;
  return say('no-primary', cluster, `${state}; ${describe(primaries)}`);
}

export function sayBusy(cluster: string, leader: string, reason: string): Trouble {
  return say('no-primary', cluster, `primary ${leader} is there, and does not serve (${reason})`);
}

function describe(primaries: readonly string[]): string {
  if (primaries.length === 0) return 'no other server says to be the primary';
  const says = primaries.length === 1 ? 'says' : 'say';
  return `${primaries.join(', ')} ${says} to be the primary, and it is not certain that it has the same writes`;
}

function say(code: Trouble['code'], cluster: string, text: string): Trouble {
  return { code, message: `cluster ${JSON.stringify(cluster)}: ${text}` };
}
