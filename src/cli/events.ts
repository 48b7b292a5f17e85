// `controlplane events`: what happened, and what happens.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import type { EventMessage, EventsMessage } from '../api/v2/messages.ts';
import { eventTypes } from '../events/event.ts';
import type { EventType } from '../events/event.ts';
import { Failure } from '../process/failure.ts';
import type { ApiClient } from './api-client.ts';
import { parseJson } from './api-request.ts';
import { apiCaOption, apiOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { choiceOption, defineCommand, helpEnd, option, parseWholeNumber } from './define.ts';
import { paint, renderJsonLine } from './output.ts';
import type { Color, OutputFormat } from './output.ts';
import { toPrintable } from './printable.ts';
import { Refusal } from './refusal.ts';

interface Values extends CommonValues {
  readonly follow?: true;
  readonly after?: number;
  readonly cluster?: string;
  readonly type?: string;
}

type EventQuery = Readonly<Record<'after' | 'cluster' | 'type', string | number | undefined>>;

const description = `Shows what happened: servers that went and came back, primaries that changed, orders, commits, what \
Envoys refused, and how long it took until they had what was published. The oldest first; with --follow what happens \
from now on, or behind --after, until it is interrupted. JSON has one object a line.`;

const pageSize = 1_000;

// Some see a comment each 15 s.
const silenceMs = 45_000;
const pauseMs = 1_000;

const colors: Readonly<Partial<Record<EventType, Color>>> = {
  'server-up': 'green',
  'server-suspect': 'yellow',
  'server-down': 'red',
  'server-recovering': 'yellow',
  'server-left-out': 'red',
  'server-back': 'green',
  'primary-changed': 'bold',
  nack: 'red',
  trouble: 'yellow',
  'trouble-over': 'green',
};

const typeWidth = Math.max(...eventTypes.map((type) => type.length));
const clusterWidth = 16;

export function buildEvents(context: Context): Command {
  return defineCommand(context, 'events')
    .description(description)
    .addOption(option('-f, --follow', 'What happens from now on, until it is interrupted.'))
    .addOption(option('--after <ID>', 'Those behind the event of this id. Default: all, or with --follow the next', parseWholeNumber))
    .addOption(option('--cluster <NAME>', 'Those of one cluster.'))
    .addOption(choiceOption('--type <TYPE>', 'Those of one type.', eventTypes))
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['events', 'events --follow --cluster sessions', 'events --type commit -o json']))
    .action(async (values: Values) => {
      const { api, format } = await open(context, values);
      const { after, cluster, type } = values;
      const query = { after, cluster, type };
      const events = values.follow === true ? followEvents(context, api, query) : readEvents(api, query);
      for await (const event of events) await print(context, format, event);
    });
}

async function* readEvents(api: ApiClient, query: EventQuery): AsyncGenerator<EventMessage> {
  let { after } = query;
  do {
    const page: EventsMessage = await api.get('events', { ...query, after, limit: pageSize });
    yield* page.events;
    after = page.next;
  } while (after !== undefined);
}

/** Goes on where it was when it is cut off, as often as that happens. */
async function* followEvents(context: Context, api: ApiClient, query: EventQuery): AsyncGenerator<EventMessage> {
  let { after } = query;
  let isTold = false;
  for (;;) {
    let hasBegun = false;
    try {
      for await (const line of api.getLines('events', { ...query, after }, 'text/event-stream', silenceMs)) {
        const [, field, value = ''] = /^(id|data): ?(.*)$/su.exec(line) ?? [];
        if (field === 'id') after = Number(value);
        if (field === 'data') yield parseJson<EventMessage>(api.address, value);
        [hasBegun, isTold] = [true, false];
      }
    } catch (error) {
      // What was never there will not come back.
      if (!(error instanceof Failure) || error instanceof Refusal || (!hasBegun && !isTold)) throw error;
    }
    if (!isTold) context.stderr.write('cut off, trying again\n');
    isTold = true;
    await sleep(pauseMs);
  }
}

async function print(context: Context, format: OutputFormat, event: EventMessage): Promise<void> {
  const text = format === 'json' ? renderJsonLine(event) : format === 'yaml' ? await renderYaml(event) : renderEvent(context, event);
  // Who has much to write waits until it is out.
  await new Promise<void>((resolve) => context.stdout.write(`${text}\n`, () => resolve()));
}

async function renderYaml(event: EventMessage): Promise<string> {
  return `---\n${(await import('yaml')).stringify(event).trimEnd()}`;
}

function renderEvent(context: Context, { at, type, cluster, message }: EventMessage): string {
  const color = colors[type];
  const shown = color === undefined ? type : paint(context, color, type);
  const prefix = `cluster ${JSON.stringify(cluster)}: `;
  const text = cluster !== undefined && message.startsWith(prefix) ? message.slice(prefix.length) : message;
  const cells = [at, shown + ' '.repeat(typeWidth - type.length), toPrintable(cluster ?? '-').padEnd(clusterWidth)];
  return [...cells, toPrintable(text)].join('  ');
}
