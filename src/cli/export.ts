// `controlplane export`: all that is declared, as a file that apply takes.

import type { Command } from 'commander';

import { apiCaOption, apiOption, open } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { choiceOption, defineCommand, helpEnd } from './define.ts';
import { viewOption } from './object-commands.ts';
import type { ViewValues } from './object-commands.ts';
import { printText } from './output.ts';

const types = { yaml: 'application/yaml', json: 'application/json' } as const;

type Values = Omit<CommonValues, 'output'> & Pick<ViewValues, 'view'> & { readonly output?: keyof typeof types };

export function buildExport(context: Context): Command {
  return defineCommand(context, 'export')
    .description('Prints all that is declared, as a file: applying it changes nothing.')
    .addOption(viewOption())
    .addOption(choiceOption('-o, --output <FORMAT>', 'Default: yaml', Object.keys(types)))
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addHelpText('after', helpEnd(['export > declared.yaml', 'export --view committed -o json']))
    .action(async ({ output = 'yaml', view, ...values }: Values) => {
      const { api } = await open(context, values);
      const { text } = await api.getText('config', { view }, types[output]);
      printText(context, text.endsWith('\n') ? text : `${text}\n`);
    });
}
