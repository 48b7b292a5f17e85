// `controlplane retry`: what Envoys rejected is sent to them once more.

import { maxWaitMs } from '../api/v2/messages.ts';
import type { RetryMessage } from '../api/v2/messages.ts';
import { parseValue, readArguments } from '../process/arguments.ts';
import { formatDuration, parseDuration } from '../text/duration.ts';
import { UsageError, exitCodes } from '../process/failure.ts';
import { readApiAddress } from './api-address.ts';
import { askApi } from './api-request.ts';
import { renderRetry } from './retry-report.ts';

const help = `Usage: controlplane retry [NODE] [--wait DURATION] [--api HOST:PORT]

Sends what an Envoy rejected once more, after the fault was mended on its side, as a port that another program held.
With NODE, a node id, to that Envoy alone; else to all that rejected something. Nobody else is sent anything. Prints who
was sent what, and how it ended.

  --wait DURATION
        How long to wait for their answers at most, as 500ms, 10s, 1m; up to 10m. Default: 5s
  --api HOST:PORT
        Where the REST API listens. Default: CONTROLPLANE_API_ADDRESS, else 127.0.0.1:8000
  --help
        Prints this text.

Exit code: 0 they have taken it, or nobody had rejected anything; 3 some have rejected it again, not answered in time or
gone; 1 no such Envoy is connected, or the control plane can't be reached; 2 usage.
`;

const takesValue: ReadonlyMap<string, boolean> = new Map([
  ['wait', true],
  ['api', true],
  ['help', false],
  ['h', false],
]);

const idleMs = 10_000;

/** Runs the command; gives the exit code. @throws Failure */
export async function runRetry(argv: readonly string[]): Promise<number> {
  const words: string[] = [];
  const given = readArguments(argv, takesValue, (word) => void words.push(word));
  if (given.has('help') || given.has('h')) {
    process.stdout.write(help);
    return exitCodes.ok;
  }
  const [node, ...others] = words;
  if (others.length > 0) throw new UsageError(`${JSON.stringify(others[0])}: only one node is taken, see --help`);
  const api = readApiAddress(given, process.env);
  const waitMs = parseValue('--wait', given.get('wait') ?? '5s', (text) => parseDuration(text, maxWaitMs));
  const query = new URLSearchParams({ wait: formatDuration(waitMs), ...(node === undefined ? {} : { node }) });
  const path = `/api/v2/retry?${query.toString()}`;
  const answer = await askApi<RetryMessage>({ api, method: 'POST', path, idleMs: waitMs + idleMs });
  process.stdout.write(renderRetry(answer));
  return answer.not_in_sync.length === 0 && answer.gone.length === 0 ? exitCodes.ok : exitCodes.notInSync;
}
