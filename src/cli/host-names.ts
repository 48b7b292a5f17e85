// `controlplane host-names`: what the names of servers lead to, of those that the control plane looks up.

import type { Command } from 'commander';

import type { HostNameMessage, HostNamesMessage } from '../api/v2/messages.ts';
import { apiCaOption, apiOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd } from './define.ts';
import { printAnswer } from './output.ts';
import { toPrintable } from './printable.ts';
import { renderTable } from './table.ts';

export function buildHostNames(context: Context): Command {
  return defineCommand(context, 'host-names')
    .description('Lists the host names that the control plane looks up (resolve: controlplane), and what they lead to.')
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['host-names', 'host-names -o json']))
    .action(async (values: CommonValues) => {
      const { api, format } = await open(context, values);
      const answer = await api.get<HostNamesMessage>('host-names');
      await printAnswer(context, format, answer, () => renderHostNames(answer.host_names));
    });
}

function renderHostNames(names: readonly HostNameMessage[]): string[] {
  if (names.length === 0) return ['no host name is looked up here'];
  const rows = names.map(({ name, addresses, clusters, found_at: found, failure, failing_since: since }) => {
    const state = failure === undefined ? (found === undefined ? 'not asked yet' : 'found') : `${failure} since ${since}`;
    return [name, addresses.length === 0 ? 'none' : addresses.join(' '), state, clusters.join(' ')];
  });
  return renderTable([['NAME', 'ADDRESSES', 'STATE', 'CLUSTERS'], ...rows.map((row) => row.map(toPrintable))]);
}
