// `controlplane validate`: a file is checked, without a control plane.

import type { Command } from 'commander';

import { checkConfigText, faultsFailure, readConfigText } from './config-text.ts';
import { apiCaOption, apiOption } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd } from './define.ts';
import { toPrintable } from './printable.ts';

const description = `Checks a file for apply: YAML or JSON, and the rules of each object. It needs no control plane, \
and knows of none: what a commit would refuse besides, plan says.`;

const exitCode = "Exit code: 0 valid; 1 not, or it can't be read; 2 usage.";

export function buildValidate(context: Context): Command {
  return defineCommand(context, 'validate')
    .description(description)
    .requiredOption('-f, --file <FILE>', 'The file; - is standard input.')
    .addOption(apiOption().hideHelp())
    .addOption(apiCaOption().hideHelp())
    .addHelpText('after', helpEnd(['validate -f declared.yaml', 'validate -f - < declared.json'], exitCode))
    .action(async ({ file }: { readonly file: string }) => {
      const text = await readConfigText(context, file);
      const checked = await checkConfigText(text);
      if (!('clusters' in checked)) throw faultsFailure(text, checked);
      const { clusters, listeners, secrets } = checked;
      const ofSecrets = secrets === undefined ? '' : `, secrets: ${secrets.length}`;
      const counts = `clusters: ${clusters.length}, listeners: ${listeners.length}${ofSecrets}`;
      context.stdout.write(toPrintable(`${text.name}: valid, ${counts}`) + '\n');
    });
}
