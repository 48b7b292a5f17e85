// Settings of Envoy's Redis proxy beside its routes: how it speaks to servers, and which commands it knows, delays or
// fails.

import { z } from 'zod';

import { findPoison } from '../text/redis-commands.ts';
import { duration, isDistinct, isLongerThan } from './values.ts';

const maxBufferBytes = 16 * 1_024 * 1_024;
const maxConnectionsPerSecond = 1_000_000;
const maxUnknownConnections = 1_000_000;
const maxFaults = 100;
const maxCommands = 100;
const maxCommandLength = 64;

const commandName = z
  .string()
  .max(maxCommandLength)
  .regex(/^[a-z0-9._-]+$/iu, 'must be a command, of letters, digits, dots, dashes and underscores')
  .meta({ example: 'json.get' });

function commands(command: z.ZodType<string>): z.ZodType<string[]> {
  return z
    .array(command)
    .min(1)
    .max(maxCommands)
    .refine((list) => isDistinct(list.map((each) => each.toLowerCase())), 'must have each command once');
}

const harmlessCommand = commandName.superRefine((text, context) => {
  const reason = findPoison(text.toLowerCase());
  if (reason !== undefined) context.addIssue({ code: 'custom', message: `must be another command: ${reason}` });
});

export const bufferSchema = z
  .strictObject({
    max_bytes: z.int().min(1).max(maxBufferBytes).meta({ description: 'So much is sent at once without waiting.' }),
    flush_timeout: duration(10_000, '10s')
      .optional()
      .meta({ description: 'How long a command waits for others at most; 3ms unless told.', example: '5ms' }),
  })
  .meta({ id: 'Buffer', description: 'Commands to one server are collected and sent together.' });

export const faultSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('error'), ...faultFields(), delay: faultDelay().optional() }),
    z.strictObject({ type: z.literal('delay'), ...faultFields(), delay: faultDelay() }),
  ])
  .meta({
    id: 'RedisFault',
    description: 'A drill: some commands fail with `Fault Injected: Error`, or are answered late.',
  });

function faultFields() {
  return {
    percent: z.int().min(1).max(100).meta({ description: 'Of the commands, chosen at random.' }),
    commands: commands(commandName).optional().meta({ description: 'Left out: all that Envoy passes on.' }),
  };
}

function faultDelay() {
  return duration(3_600_000, '1h').meta({ description: 'Before the reply.', example: '300ms' });
}

type Fault = z.output<typeof faultSchema>;

const faults = z
  .array(faultSchema)
  .min(1)
  .max(maxFaults)
  .refine(arePercentsPossible, 'must have percents of at most 100 together, of those for any one command')
  .meta({ description: 'Drills: what clients are to get by with.' });

// Envoy draws once for each command, and has the percents of its faults one after another.
function arePercentsPossible(list: readonly Fault[]): boolean {
  const everywhere = sumOf(list.filter((each) => each.commands === undefined));
  const named = new Set(list.flatMap((each) => each.commands ?? []).map((each) => each.toLowerCase()));
  const isFor = (command: string) => (each: Fault): boolean => {
    return each.commands?.some((other) => other.toLowerCase() === command) === true;
  };
  return everywhere <= 100 && [...named].every((command) => everywhere + sumOf(list.filter(isFor(command))) <= 100);
}

function sumOf(list: readonly Fault[]): number {
  return list.reduce((sum, { percent }) => sum + percent, 0);
}

export const redisFilterFields = {
  protocol: z.enum(['RESP2', 'RESP3']).optional().meta({
    description: 'RESP2 unless told. RESP3: of clients that say HELLO 3, and to servers; all others are refused.',
  }),
  enable_redirection: z.boolean().optional().meta({
    description: 'Envoy follows MOVED and ASK replies itself, also to servers that the cluster does not list.',
  }),
  max_upstream_unknown_connections: z.int().min(0).max(maxUnknownConnections).optional().meta({
    description: 'How many servers that the cluster does not list a redirection may lead to, per worker; ' +
      'past that the client is given the MOVED or ASK. Left out: any number.',
  }),
  buffer: bufferSchema.optional(),
  connection_rate_limit: z.int().min(1).max(maxConnectionsPerSecond).optional().meta({
    description: 'New connections per second, to one server from one worker; past that clients are told ' +
      '`no upstream host`.',
  }),
  command_stats: z.boolean().optional().meta({ description: 'Envoy counts each command by its name, per cluster.' }),
  custom_commands: commands(harmlessCommand).optional().meta({
    description: 'Commands that Envoy does not know, and is to pass on: by their first argument, taken for the key.',
  }),
  faults: faults.optional(),
};

interface Timed {
  readonly op_timeout?: string | undefined;
  readonly buffer?: { readonly flush_timeout?: string | undefined } | undefined;
}

/** False when commands time out while they wait to be sent. @param defaultOpTimeout unless told. */
export function isFlushedInTime({ op_timeout: opTimeout, buffer }: Timed, defaultOpTimeout: string): boolean {
  return buffer?.flush_timeout === undefined || isLongerThan(opTimeout ?? defaultOpTimeout, buffer.flush_timeout);
}
