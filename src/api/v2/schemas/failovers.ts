// Promotions: as they are told, as they would be, and as they were made.

import { z } from 'zod';

import { promotionKinds, steps, ways } from '../../../failover/record.ts';
import { isServerAddress } from '../../../model/primary.ts';
import { objectName, time } from './common.ts';

const address = z.string().meta({ description: 'ADDRESS:PORT.', example: '10.0.0.2:6379' });

const to = z
  .string()
  .refine(isServerAddress, 'must be the address and port of a server, such as 10.0.0.2:6379')
  .meta({ description: 'Who takes the writes then: ADDRESS:PORT of one of its servers.', example: '10.0.0.2:6379' });

const force = z.boolean().optional().describe('Also what the rules exclude: what it lacks is lost.');
const dryRun = z
  .boolean()
  .optional()
  .describe('Nothing is done: what would be is answered, and why it would be refused.');

const bytes = z.int().min(0).nullable();

export const failoverRequestSchema = z
  .discriminatedUnion('action', [
    z.strictObject({
      action: z.literal('switchover').meta({
        description:
          'Makes another server the primary, and loses no write: those that come meanwhile wait, or are refused. ' +
          'Where Sentinels watch, one of them is told.',
      }),
      to: to.optional().describe('Left out: the best candidate. Not where Sentinels watch: they choose.'),
      force,
      dry_run: dryRun,
    }),
    z.strictObject({
      action: z.literal('promote').meta({
        description: 'Gives up the primary, whatever becomes of it, and promotes another.',
      }),
      to,
      force,
      dry_run: dryRun,
    }),
    z.strictObject({
      action: z.enum(['pause', 'resume', 'ack']).meta({
        description:
          '`pause`: the control plane promotes nobody by itself until `resume`; `ack` ends the time in which it does ' +
          'not after a failover.',
      }),
    }),
  ])
  .meta({ id: 'FailoverRequest' });

export const promotionSchema = z
  .object({
    cluster: objectName,
    kind: z.enum(promotionKinds).describe('`failover`: by the control plane itself, of a primary that is dead.'),
    way: z.enum(ways).describe('Of a switchover: by pausing writes, as Dragonfly does it itself, or by a Sentinel.'),
    by: z.string(),
    from: address.nullable().describe('The primary of before; null: there was none.'),
    to: address.nullable().describe('The new one; null: not known yet.'),
    step: z.enum(steps).describe('The last one that was taken.'),
    started_at: time,
    ended_at: time.nullable().describe('Null: it is under way.'),
    gap_bytes: bytes.describe('What the new one lacked of what is known of the old one; null: not known.'),
    steps: z.array(z.object({ step: z.enum(steps), at: time, detail: z.string() })).describe('Oldest first.'),
    pending: z.array(address).describe('Servers that do not follow the new primary yet: nothing is sent to them.'),
    acknowledged_by: z.string().nullable().describe('Who has ended the time in which none follows.'),
  })
  .meta({ id: 'Promotion' });

const candidateSchema = z.object({
  address,
  priority: z.int().describe('Its replica-priority: the smaller, the sooner; 0: never.'),
  offset: bytes.describe('How far it has come in the history of its primary.'),
  gap_bytes: bytes.describe('What it lacks; null: not known.'),
  excluded: z.string().nullable().describe('Why it is no candidate; null: it is one.'),
  forcible: z.boolean().describe('It could be forced.'),
});

export const promotionPlanSchema = z
  .object({
    kind: z.enum(promotionKinds),
    way: z.enum(ways),
    from: address.nullable(),
    to: address.nullable().describe('Who would be promoted; null: nobody, or Sentinels choose.'),
    offset: bytes,
    gap_bytes: bytes,
    candidates: z.array(candidateSchema).describe('The best one first; those that are none come last.'),
    refusal: z
      .object({ code: z.string(), reason: z.string(), forcible: z.boolean() })
      .nullable()
      .describe('Why it would be refused; null: it would be done.'),
  })
  .meta({ id: 'PromotionPlan' });

export const failoverAnswerSchema = z
  .object({
    changed: z.boolean().describe('False also of a promotion that was given up: its last step says why.'),
    promotion: promotionSchema.nullable(),
    plan: promotionPlanSchema.nullable().describe('Of a dry run.'),
  })
  .meta({ id: 'FailoverAnswer' });

export const failoversSchema = z
  .object({
    promotions: z.array(promotionSchema).describe('Newest first; of each cluster the last ten.'),
    clusters: z
      .array(
        z.object({
          cluster: objectName,
          paused_by: z.string().nullable().describe('Null: it is not paused.'),
          cooldown_until: time.nullable().describe('Until then none follows by itself, unless it is acknowledged.'),
        }),
      )
      .describe('Of which anything is kept, in order of name.'),
  })
  .meta({ id: 'Failovers' });
