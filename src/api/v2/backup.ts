// GET /api/v2/backup: a copy of all there is, as one file.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { RequestHandler } from 'express';
import type { Desk } from '../../commit/desk.ts';
import { CallLimit } from '../call-limit.ts';
import { ProblemError } from './problem.ts';
import { readQuery } from './query.ts';
import { sendPieces } from './send.ts';
import { withTempDirectory } from './temp-directory.ts';

/** Of a SQLite file. */
export const backupType = 'application/vnd.sqlite3';

// Each of them keeps a copy on disk for as long as it is read.
const maxBackups = 4;

/** Answers the file, see {@link Desk.backup}; while that is read, everything goes on. */
export function createBackupHandler(desk: Desk): RequestHandler {
  const limit = new CallLimit(maxBackups);
  return async (request, response) => {
    readQuery(request, []);
    if (limit.isReached) throw new ProblemError(503, `${maxBackups} backups are on their way: ask again later`);
    const answer = withTempDirectory(async (directory) => {
      const file = join(directory, 'backup.db');
      const { revision } = desk.declarations;
      await desk.backup(file);
      const { size } = await stat(file);
      const name = `controlplane-revision-${revision}.db`;
      response.type(backupType).set({ 'Content-Length': `${size}`, 'Content-Disposition': `attachment; filename="${name}"` });
      await sendPieces(response, createReadStream(file));
    });
    await limit.count(answer);
  };
}
