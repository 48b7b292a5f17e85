// `controlplane backup`: a copy of the database of a control plane that runs, as a file.

import type { Command } from 'commander';

import { Failure } from '../process/failure.ts';
import { apiCaOption, apiOption, open } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context, Output } from './context.ts';
import { defineCommand, helpEnd } from './define.ts';
import { writeNewFile } from './new-file.ts';
import { toPrintable } from './printable.ts';

const description = `Saves a copy of the control plane's database in FILE, which must not be there yet; - is standard \
output. It has all that was committed and staged, the history and who did it. The control plane goes on meanwhile.`;

const paragraphs = [
  `Put it back with controlplane restore FILE, or, history included, as controlplane.db in an empty data directory
before a control plane starts there.`,
  "Exit code: 0 saved; 1 not saved, and no file left, or the control plane can't be reached; 2 usage.",
];

export function buildBackup(context: Context): Command {
  return defineCommand(context, 'backup')
    .description(description)
    .argument('<FILE>')
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addHelpText('after', helpEnd(['backup controlplane-backup.db', 'backup - | gzip > backup.db.gz'], ...paragraphs))
    .action(async (file: string, values: CommonValues) => {
      const { api } = await open(context, values);
      const { stdout } = context;
      if (file === '-' && stdout.isTTY === true) throw new Failure('standard output is a terminal: name a file');
      const receive = () => api.getPieces('backup', 'application/vnd.sqlite3');
      if (file === '-') {
        for await (const piece of await receive()) await write(stdout, piece);
        return;
      }
      await writeNewFile(file, receive);
      stdout.write(`${toPrintable(`saved: ${file}`)}\n`);
    });
}

function write(output: Output, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}
