// The flags that all commands take, and what comes of them.

import type { Option } from 'commander';

import { parseValue } from '../process/arguments.ts';
import { parseApiUrl, readApiAddress } from './api-address.ts';
import type { ApiFlags } from './api-address.ts';
import { ApiClient } from './api-client.ts';
import { parseAuthor, readAuthor } from './author.ts';
import type { Context } from './context.ts';
import { choiceOption, option, parseChoice } from './define.ts';
import { outputFormats } from './output.ts';
import type { OutputFormat } from './output.ts';
import { readPreferences } from './preferences.ts';

export function apiOption(): Option {
  const help =
    'Where the REST API listens; with TLS https://HOST:PORT. Default: CONTROLPLANE_API_ADDRESS, else 127.0.0.1:8000';
  return option('--server, --api <HOST:PORT>', help, parseApiUrl);
}

export function apiCaOption(): Option {
  const help = 'The CA of its certificate, in PEM: it is asked with TLS. Default: CONTROLPLANE_API_CA';
  return option('--api-ca <FILE>', help);
}

export function outputOption(): Option {
  return choiceOption(
    '-o, --output <FORMAT>',
    'table for people; json and yaml are what the API answers.',
    outputFormats,
  );
}

export function authorOption(): Option {
  const help = 'Who makes the change, for the history. Default: CONTROLPLANE_AUTHOR, else the login name';
  return option('--author <TEXT>', help, parseAuthor);
}

/** The values of these flags, as far as a command has them. */
export interface CommonValues extends ApiFlags {
  readonly output?: OutputFormat;
  readonly author?: string;
}

export interface Opened {
  readonly api: ApiClient;
  readonly format: OutputFormat;
}

/** The control plane that is asked, and how the answer is shown. @throws UsageError */
export async function open({ env }: Context, values: CommonValues, signal?: AbortSignal): Promise<Opened> {
  const preferences = await readPreferences(env);
  const address = await readApiAddress(values, env, preferences);
  const author = readAuthor(values.author, env, preferences);
  const inFile = preferences.output ?? 'table';
  const parse = (text: string): OutputFormat => parseChoice(text, outputFormats);
  const format = values.output ?? parseValue('output in the file of defaults', inFile, parse);
  return { api: new ApiClient(address, author, signal), format };
}
