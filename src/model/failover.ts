// Who says which server of a replicated cluster takes its writes, as an operator declares it; what is left out has its
// default (failover-defaults.ts).

import { z } from 'zod';

import { secretRefSchema, username } from './auth.ts';
import { canonicalPrimary, isServerAddress } from './primary.ts';
import { upstreamTlsSchema } from './tls.ts';
import { duration, isDistinct, printable } from './values.ts';

const maxSentinels = 32;
const maxMappings = 1_000;

const serverAddress = z
  .string()
  .refine(isServerAddress, 'must be an address and a port, such as 10.0.0.5:26379')
  .meta({ example: '10.0.0.5:26379' });

const byNobody = z.strictObject({
  by: z.literal('none').meta({ description: 'The operator, or whoever promotes a server: roles are watched and followed.' }),
});

export const sentinelFailoverSchema = z.strictObject({
  by: z.literal('sentinel').meta({ description: 'Redis Sentinel: the servers are found, and its elections followed.' }),
  master: printable(255).meta({ description: 'The name by which the Sentinels know it.', example: 'mymaster' }),
  sentinels: z
    .array(serverAddress)
    .min(1)
    .max(maxSentinels)
    .refine((list) => isDistinct(list.map(spellingOf)), 'must have each address once')
    .meta({ description: 'All of them, ADDRESS:PORT: what fewer than half say is not followed.' }),
  nat_map: z
    .record(serverAddress, serverAddress)
    .refine((map) => Object.keys(map).length <= maxMappings, `must have at most ${maxMappings} addresses`)
    .optional()
    .meta({
      description: 'By the address that Sentinels say: the one that Envoys and the control plane connect to.',
      example: { '172.17.0.2:6379': '10.0.0.1:6379' },
    }),
  username: username.optional(),
  password: secretRefSchema.optional().describe('Of the Sentinels themselves.'),
  tls: upstreamTlsSchema.optional().describe('To the Sentinels.'),
});

export const ownFailoverSchema = z.strictObject({
  by: z.literal('controlplane').meta({ description: 'The control plane promotes a replica when the primary is dead.' }),
  down_after: duration(3_600_000, '1h', { ms: 1_000, text: 'of at least 1s' })
    .optional()
    .meta({ description: 'So long it must not have answered; 10s unless told.' }),
  cooldown: duration(604_800_000, '168h')
    .optional()
    .meta({ description: 'After a failover none follows by itself for so long, unless it is acknowledged; 1h unless told.' }),
  max_lag: z
    .int()
    .min(0)
    .optional()
    .meta({ description: 'A replica that is more bytes behind is not promoted by itself; no limit unless told.' }),
});

export const failoverSchema = z
  .discriminatedUnion('by', [byNobody, sentinelFailoverSchema, ownFailoverSchema])
  .refine((failover) => failover.by !== 'sentinel' || failover.username === undefined || failover.password !== undefined, {
    message: 'must be left out without password',
    path: ['username'],
  })
  .meta({ id: 'Failover', description: 'Who says which server takes the writes; `none` unless told.' });

interface Replicated {
  readonly failover?: z.output<typeof failoverSchema> | undefined;
  readonly watch?: unknown;
}

interface FailoverFault {
  readonly path: string[];
  readonly input: unknown;
  readonly message: string;
}

/** Who does not look can follow nobody. */
export function findFailoverFaults({ failover: { by = 'none' } = { by: 'none' }, watch }: Replicated): FailoverFault[] {
  if (by === 'none' || watch !== 'off') return [];
  const message = `must be on, or left out, where failover is by ${by}: its servers have to be looked at`;
  return [{ path: ['watch'], input: watch, message }];
}

function spellingOf(address: string): string {
  return isServerAddress(address) ? canonicalPrimary(address) : address;
}
