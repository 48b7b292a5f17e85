// `controlplane restore`: what a backup holds is published, as a new revision, and staged.

import { open as openFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import type { Command } from 'commander';

import { Failure } from '../process/failure.ts';
import { formatDuration } from '../text/duration.ts';
import { forceOption, messageOption, sendPublishing, waitOption } from './commit-call.ts';
import type { CommitValues } from './commit-call.ts';
import { apiCaOption, apiOption, authorOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd } from './define.ts';
import { toPrintable } from './printable.ts';

const description = `Publishes what the backup in FILE has committed, as a new revision, at once; then stages what it \
has staged, in place of what is staged now. What was committed here stays in the history, so that rollback leads back; \
the history of the backup is not taken over.`;

const exitCode = `\
Exit code: 0 published, or it stands already, and with --wait every Envoy runs it; 3 published, but some Envoy does not
run it, as of commit; 1 refused, or the control plane can't be reached; 2 usage.`;

type Values = CommonValues & Pick<CommitValues, 'message' | 'force' | 'wait'>;

export function buildRestore(context: Context): Command {
  const command = defineCommand(context, 'restore').description(description).argument('<FILE>');
  for (const each of [messageOption(), waitOption(), forceOption()]) command.addOption(each);
  return command
    .addOption(authorOption())
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['restore controlplane-backup.db -m "carts were lost" --wait 10s'], exitCode))
    .action((path: string, values: Values) => restore(context, path, values));
}

async function restore(context: Context, path: string, values: Values): Promise<void> {
  const { message, force, wait } = values;
  const { api, format } = await open(context, values);
  const file = await openFile(path).catch((error: Error) => fail(path, error));
  try {
    const size = await sizeOf(path, file);
    const query = {
      force: force === undefined ? undefined : 'true',
      message,
      wait: wait === undefined ? undefined : formatDuration(wait),
    };
    const headers = { 'content-type': 'application/vnd.sqlite3' };
    const call = api.changeCall({ method: 'POST', path: 'restore', query, headers });
    // No more of a file that grows meanwhile than was said.
    const pieces = file.createReadStream({ autoClose: false, start: 0, end: Math.max(0, size - 1) });
    await sendPublishing(context, format, { ...call, body: { pieces, size } }, wait);
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string, file: FileHandle): Promise<number> {
  const found = await file.stat();
  if (!found.isFile()) throw new Failure(toPrintable(`${path}: is not a file`));
  if (found.size === 0) throw new Failure(toPrintable(`${path}: is empty`));
  return found.size;
}

function fail(path: string, error: Error): never {
  throw new Failure(toPrintable(`${path}: ${error.message}`));
}
