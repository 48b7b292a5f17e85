// An address of this machine that is not on loopback, for what must not be told to who can be overheard.

import { networkInterfaces } from 'node:os';

import { runCommand } from './run-command.ts';

const variable = 'TEST_OFF_LOOPBACK';
const ownAddress = '10.9.9.1';

// For all tests of a file.
const fileMs = 300_000;

/** Where it can be had: at hand, in a network namespace of one's own that has nothing else, or not at all. */
export type OffLoopback =
  | { readonly kind: 'here'; readonly address: string }
  | { readonly kind: 'namespace' }
  | { readonly kind: 'nowhere'; readonly reason: string };

export async function findOffLoopback(): Promise<OffLoopback> {
  const given = process.env[variable];
  if (given !== undefined) return { kind: 'here', address: given };
  const tried = await inNamespace(['true']).catch((error: Error) => ({ status: -1, stderr: error.message }));
  if (tried.status === 0) return { kind: 'namespace' };
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const [found] = addresses.filter(({ family, internal }) => family === 'IPv4' && !internal);
  if (found !== undefined) return { kind: 'here', address: found.address };
  return { kind: 'nowhere', reason: `no address but loopback, and no network namespace: ${tried.stderr.trim()}` };
}

/** Runs a test file where {@link findOffLoopback} finds an address at hand; gives what it printed. @throws Error when it fails */
export async function runInNamespace(file: string): Promise<string> {
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', '--test-reporter=spec', file];
  const { status, stdout, stderr } = await inNamespace(command);
  if (status !== 0) throw new Error(`${file} failed in a network namespace (${status}):\n${stdout}${stderr}`);
  return stdout;
}

// Without a variable that tells the runner that another one is above it.
const enter = `ip link set lo up && ip addr add ${ownAddress}/32 dev lo && unset NODE_TEST_CONTEXT && exec "$@"`;

function inNamespace(command: readonly string[]): ReturnType<typeof runCommand> {
  const args = ['--user', '--map-root-user', '--net', 'sh', '-c', enter, 'sh', ...command];
  return runCommand('unshare', args, { env: { [variable]: ownAddress }, withinMs: fileMs });
}
