// `controlplane secret`: secrets are listed and shown, without their values, and staged; their values come from standard
// input or files, never from the command line, which everybody on the machine can read.

import { readFile } from 'node:fs/promises';

import type { Command } from 'commander';

import type { Secret } from '../model/objects.ts';
import { Failure, UsageError } from '../process/failure.ts';
import { pathOf } from './api-client.ts';
import type { ApiClient } from './api-client.ts';
import { apiCaOption, apiOption, authorOption, open } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { choiceOption, defineCommand, helpEnd, option } from './define.ts';
import { buildRemove, buildShowCommands, defineChange, describeStaged } from './object-commands.ts';
import type { ShownKind } from './object-commands.ts';
import { fieldOption, readPatch, withoutNulls } from './object-flags.ts';
import type { FieldFlag } from './object-flags.ts';
import { printAnswer } from './output.ts';
import { showPlain } from './plain-value.ts';
import { toPrintable } from './printable.ts';
import { Refusal } from './refusal.ts';
import { withoutLastNewline } from './secret-sources.ts';

const labelFlag: FieldFlag = {
  flags: '--label <KEY=VALUE>',
  path: ['labels'],
  isRecord: true,
  help: 'For those who read it; several times for several. Alone it leaves the value as it is.',
};

const kinds = ['password', 'certificate', 'ca'] as const;

type SecretMessage = Omit<Secret, 'sealed'>;

interface SetValues extends CommonValues {
  readonly kind?: (typeof kinds)[number];
  readonly fromFile?: string;
  readonly chain?: string;
  readonly key?: string;
  readonly label?: unknown;
}

const secrets: ShownKind<SecretMessage> = {
  kind: 'secret',
  description: 'Secrets: passwords, certificates and CAs, which clusters and listeners name. No answer has a value.',
  columns: ['NAME', 'KIND', 'FINGERPRINT', 'EXPIRES', 'SUBJECT', 'LABELS'],
  cells: ({ name, kind, fingerprint, not_after: end, subject, labels }) => {
    return [name, kind, fingerprint, showPlain(end), showPlain(subject), showPlain(labels)];
  },
  examples: {
    list: ['secret list', 'secret list -o json'],
    get: ['secret get sessions-password'],
    set: [
      'secret set sessions-password --kind password < password.txt',
      'secret set redis-ca --kind ca --from-file ca.crt',
      'secret set edge --chain edge.crt --key edge.key',
      'secret set edge --label team=web',
    ],
    remove: ['secret remove sessions-password'],
  },
};

const setDescription = `Stages a secret, new or in place of what is staged. Its value is read from standard input, of \
which a password loses the newline at its end, or from files.`;

export function buildSecret(context: Context): Command {
  return buildShowCommands(context, secrets)
    .addCommand(
      defineChange(context, 'set', setDescription, secrets.examples.set)
        .addOption(choiceOption('--kind <KIND>', 'Default: as it is, or else password.', kinds))
        .addOption(option('--from-file <FILE>', 'Of a password or a CA: in place of standard input.'))
        .addOption(option('--chain <FILE>', 'Of a certificate: PEM, the own one first.'))
        .addOption(option('--key <FILE>', 'Of a certificate: its private key, PEM without a passphrase.'))
        .addOption(fieldOption(labelFlag))
        .action((name: string, values: SetValues) => set(context, name, values)),
    )
    .addCommand(buildRemove(context, secrets))
    .addCommand(buildRotateKey(context));
}

function buildRotateKey(context: Context): Command {
  return defineCommand(context, 'rotate-key')
    .description('Changes the key of the key file (--secret-key-file), at once. Secrets and history stay as they are.')
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(authorOption().hideHelp())
    .addHelpText('after', helpEnd(['secret rotate-key'], 'Backups of before are opened by the key of before alone.'))
    .action(async (values: CommonValues) => {
      const { api } = await open(context, values);
      await api.send({ method: 'POST', path: 'rotate-key' });
      context.stdout.write('the key file has a new key\n');
    });
}

async function set(context: Context, name: string, values: SetValues): Promise<void> {
  const { kind, fromFile, chain, key } = values;
  const patch = readPatch([labelFlag], { ...values });
  const isValueGiven = [kind, fromFile, chain, key].some((each) => each !== undefined);
  const isOfLabels = Object.keys(patch).length > 0 && !isValueGiven;
  const { api, format } = await open(context, values);
  const path = pathOf('secrets', name);
  if (isOfLabels) {
    const answer = await api.send<SecretMessage>({ method: 'PATCH', path, body: patch });
    await printAnswer(context, format, answer, () => [describeStaged('~', 'secret', name)]);
    return;
  }
  const there = await findSecret(api, path);
  const value = await readValue(context, values, there?.kind);
  // A PUT replaces all: labels that no flag names stay all the same.
  const labels = withoutNulls({ ...there?.labels, ...(patch['labels'] as object | null | undefined) });
  const body = { name, ...(Object.keys(labels).length > 0 && { labels }), ...value };
  const answer = await api.send<SecretMessage>({ method: 'PUT', path, body });
  const words = `${describeStaged(there === undefined ? '+' : '~', 'secret', name)}  fingerprint ${answer.fingerprint}`;
  await printAnswer(context, format, answer, () => [words]);
}

async function findSecret(api: ApiClient, path: string): Promise<SecretMessage | undefined> {
  try {
    return await api.get<SecretMessage>(path);
  } catch (error) {
    if (error instanceof Refusal && error.problem.status === 404) return undefined;
    throw error;
  }
}

async function readValue(context: Context, values: SetValues, kindNow: SetValues['kind']): Promise<object> {
  const { chain, key, fromFile } = values;
  const isPair = chain !== undefined || key !== undefined;
  const kind = values.kind ?? (isPair ? 'certificate' : (kindNow ?? 'password'));
  if (kind === 'certificate') {
    if (chain === undefined || key === undefined || fromFile !== undefined) {
      throw new UsageError('a certificate is given by --chain FILE and --key FILE, see --help');
    }
    return { kind, chain: await readText(chain), key: await readText(key) };
  }
  if (isPair) throw new UsageError(`--chain and --key: only of a certificate, not of a ${kind}`);
  const text = fromFile === undefined ? (await context.readInput()).toString('utf8') : await readText(fromFile);
  return { kind, value: kind === 'password' ? withoutLastNewline(text) : text };
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new Failure(toPrintable(`${file}: ${error.message}`));
  });
}
