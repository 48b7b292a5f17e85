// `controlplane status`: who is connected, and what they run.

import type { ClientsMessage } from '../api/v2/messages.ts';
import { readArguments } from '../process/arguments.ts';
import { exitCodes } from '../process/failure.ts';
import { readApiAddress } from './api-address.ts';
import { askApi } from './api-request.ts';
import { expectationFlags, expectationHelp, readExpectation } from './expectation-flags.ts';
import { renderStatus } from './status-report.ts';

const help = `Usage: controlplane status [--at-least N] [--expect NODE[,NODE...]] [--api HOST:PORT] [--json]

Shows every Envoy that is connected: its node id, where it connects from, how it speaks xDS, whether it runs what was
committed, and the version of each type (the first 8 digits of the one that it runs; A->B: it runs A, B was sent;
old: what it had before it connected).
Below it, why a client does not: what it rejected and when, with its own words, or what is waited for. Then the removed
clusters that are still there for connections that use them, and the Envoys that went a while ago (--gone-time).

${expectationHelp}  --api HOST:PORT
        Where the REST API listens. Default: CONTROLPLANE_API_ADDRESS, else 127.0.0.1:8000
  --json
        Prints what GET /api/v2/clients answers.
  --help
        Prints this text.

Exit code: 0 all are in sync and nobody is missing (or there never was anybody); 3 some are not in sync, have gone, or
may be yet to come back after a start of the control plane, or, where this is told, so many or these are not in sync,
whoever has gone; 1 the control plane can't be reached; 2 usage.
`;

const takesValue: ReadonlyMap<string, boolean> = new Map([
  ...expectationFlags,
  ['api', true],
  ['json', false],
  ['help', false],
  ['h', false],
]);

const idleMs = 10_000;

/** Runs the command; gives the exit code. @throws Failure */
export async function runStatus(argv: readonly string[]): Promise<number> {
  const given = readArguments(argv, takesValue);
  if (given.has('help') || given.has('h')) {
    process.stdout.write(help);
    return exitCodes.ok;
  }
  const api = readApiAddress(given, process.env);
  const query = readExpectation(given);
  const path = `/api/v2/clients${query === '' ? '' : `?${query}`}`;
  const answer = await askApi<ClientsMessage>({ api, method: 'GET', path, idleMs });
  process.stdout.write(given.has('json') ? `${JSON.stringify(answer, undefined, 2)}\n` : renderStatus(answer));
  return answer.in_sync ? exitCodes.ok : exitCodes.notInSync;
}
