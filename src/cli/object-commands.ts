// list, get, add, set and remove, alike for all kinds of objects.

import type { Command } from 'commander';

import { Failure, UsageError } from '../process/failure.ts';
import { pathOf } from './api-client.ts';
import type { ApiClient } from './api-client.ts';
import { apiCaOption, apiOption, authorOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { choiceOption, defineCommand, helpEnd } from './define.ts';
import type { ObjectKindWord } from './messages.ts';
import { fieldOption, readPatch, withoutNulls } from './object-flags.ts';
import type { FieldFlag, Patch } from './object-flags.ts';
import { printAnswer } from './output.ts';
import { showPlain } from './plain-value.ts';
import { toPrintable } from './printable.ts';
import { Refusal } from './refusal.ts';
import { renderTable } from './table.ts';

type Verb = 'list' | 'get' | 'add' | 'set' | 'remove';

/** One kind of object, as commands show it and take it away. */
export interface ShownKind<Item extends { readonly name: string }> {
  readonly kind: ObjectKindWord;
  /** What it is, for the help. */
  readonly description: string;
  readonly columns: readonly string[];
  readonly cells: (item: Item) => readonly string[];
  /** Lines below its fields. */
  readonly details?: (item: Item) => readonly string[];
  readonly examples: Readonly<Record<'list' | 'get' | 'set' | 'remove', readonly string[]>>;
}

/** One whose fields are flags. */
export interface ObjectKind<Item extends { readonly name: string }> extends ShownKind<Item> {
  readonly flags: readonly FieldFlag[];
  /** What a new one has besides, and what a patch needs so that it fits what is there. */
  readonly completeNew?: (body: Patch) => Patch;
  readonly completePatch?: (patch: Patch) => Patch;
  readonly examples: Readonly<Record<Verb, readonly string[]>>;
}

export interface ViewValues extends CommonValues {
  readonly view?: string;
}

const views = ['staged', 'committed', 'effective'];
export const viewOption = () => choiceOption('--view <VIEW>', 'Which state: staged unless told.', views);

export const emptyRemoves = 'An empty value, as in --prefix "", removes a field.';
export const isStaged = 'It is staged: controlplane diff shows it, controlplane commit publishes it.';

/** A command of a kind with what all of them have: what is asked, how the answer is shown, examples. */
export function defineVerb(
  context: Context,
  verb: string,
  description: string,
  examples: readonly string[],
  ...notes: string[]
): Command {
  return defineCommand(context, verb)
    .description(description)
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(examples, ...notes));
}

/** As {@link defineVerb}, of one that stages a change of what it is given the name of. */
export function defineChange(
  context: Context,
  verb: string,
  description: string,
  examples: readonly string[],
  ...notes: string[]
): Command {
  return defineVerb(context, verb, description, examples, isStaged, ...notes)
    .addOption(authorOption())
    .argument('<NAME>');
}

/** The command of a kind, with those that only read it. */
export function buildShowCommands<Item extends { readonly name: string }>(
  context: Context,
  each: ShownKind<Item>,
): Command {
  const { kind, examples } = each;
  const list = `${kind}s`;
  return defineCommand(context, kind)
    .description(each.description)
    .usage('COMMAND [options]')
    .addCommand(
      defineVerb(context, 'list', `Lists the ${list}.`, examples.list)
        .addOption(viewOption())
        .action(async (values: ViewValues) => {
          const { api, format } = await open(context, values);
          const items = await api.getAll<Item>(list, list, { view: values.view });
          const render = () => renderTable([each.columns, ...items.map(each.cells)].map((row) => row.map(toPrintable)));
          await printAnswer(context, format, { [list]: items }, render);
        }),
    )
    .addCommand(
      defineVerb(context, 'get', `Shows one ${kind}.`, examples.get)
        .argument('<NAME>')
        .addOption(viewOption())
        .action(async (name: string, values: ViewValues) => {
          const { api, format } = await open(context, values);
          const item = await api.get<Item>(pathOf(list, name), { view: values.view });
          await printAnswer(context, format, item, () => [...renderFields(item), ...(each.details?.(item) ?? [])]);
        }),
    );
}

export function buildRemove<Item extends { readonly name: string }>(
  context: Context,
  { kind, examples }: ShownKind<Item>,
): Command {
  return defineChange(context, 'remove', `Stages that a ${kind} goes.`, examples.remove).action(
    async (name: string, values: CommonValues) => {
      const { api, format } = await open(context, values);
      const answer = await api.send<object>({ method: 'DELETE', path: pathOf(`${kind}s`, name) });
      await printAnswer(context, format, answer, () => [describeStaged('-', kind, name)]);
    },
  );
}

export function buildObjectCommands<Item extends { readonly name: string }>(
  context: Context,
  each: ObjectKind<Item>,
): Command {
  const { kind, flags, examples } = each;
  const list = `${kind}s`;

  const withFlags = (command: Command): Command => {
    for (const flag of flags) command.addOption(fieldOption(flag));
    return command;
  };

  return buildShowCommands(context, each)
    .addCommand(
      withFlags(defineChange(context, 'add', `Stages a new ${kind}.`, examples.add)).action(
        async (name: string, values: CommonValues) => {
          const patch = withoutNulls(readPatch(flags, { ...values }));
          const body = { name, ...(each.completeNew?.(patch) ?? patch) };
          const { api, format } = await open(context, values);
          const answer = await addNew(api, pathOf(list, name), body, `${kind} ${JSON.stringify(name)}`);
          await printAnswer(context, format, answer, () => [describeStaged('+', kind, name)]);
        },
      ),
    )
    .addCommand(
      withFlags(
        defineChange(context, 'set', `Stages a change of a ${kind}: what no flag names stays.`, examples.set, emptyRemoves),
      ).action(async (name: string, values: CommonValues) => {
        const patch = readPatch(flags, { ...values });
        const body = each.completePatch?.(patch) ?? patch;
        requireSome(body);
        const { api, format } = await open(context, values);
        const answer = await api.send<object>({ method: 'PATCH', path: pathOf(list, name), body });
        await printAnswer(context, format, answer, () => [describeStaged('~', kind, name)]);
      }),
    )
    .addCommand(buildRemove(context, each));
}

/** Stages what must not be there yet. @param what it is called in the error. @throws Failure */
export async function addNew(api: ApiClient, path: string, body: object, what: string): Promise<object> {
  try {
    return await api.send<object>({ method: 'PUT', path, body, headers: { 'if-none-match': '*' } });
  } catch (error) {
    if (!(error instanceof Refusal) || error.problem.status !== 412) throw error;
    throw new Failure(`${toPrintable(what)}: is there already; set changes it, remove takes it away`);
  }
}

/** @throws UsageError when a command was given nothing to change. */
export function requireSome(patch: object): void {
  if (Object.keys(patch).length === 0) throw new UsageError('nothing to set: no flag names a field, see --help');
}

export function describeStaged(sign: '+' | '~' | '-', kind: string, name: string): string {
  return toPrintable(`staged: ${sign} ${kind} ${name}`);
}

/** A line for each field that is no list of objects. */
function renderFields(item: object): string[] {
  const fields = Object.entries(item).filter(([, value]) => !isListOfObjects(value));
  return renderTable(fields.map(([field, value]) => [field, showPlain(value)].map(toPrintable)));
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.some((each) => typeof each === 'object');
}
