// The commands that ask a running control plane. Each is loaded when it is asked for.

import type { CommandEntry } from './context.ts';

const table: Readonly<Record<string, CommandEntry>> = {
  status: {
    summary: 'Shows every connected Envoy: in sync, stale or rejected.',
    load: async () => (await import('./status.ts')).buildStatus,
  },
  cluster: {
    summary: 'Lists, shows and stages clusters: named groups of servers.',
    load: async () => (await import('./cluster.ts')).buildCluster,
  },
  endpoint: {
    summary: 'Lists, shows and stages the servers of a cluster.',
    load: async () => (await import('./endpoint.ts')).buildEndpoint,
  },
  listener: {
    summary: 'Lists, shows and stages listeners: where Envoys take clients.',
    load: async () => (await import('./listener.ts')).buildListener,
  },
  secret: {
    summary: 'Lists, shows and stages secrets: passwords, certificates, CAs.',
    load: async () => (await import('./secret.ts')).buildSecret,
  },
  diff: {
    summary: 'Shows what is staged against what is committed, or two revisions.',
    load: async () => (await import('./diff.ts')).buildDiff,
  },
  plan: {
    summary: 'Shows what a commit would do, and does nothing.',
    load: async () => (await import('./plan.ts')).buildPlan,
  },
  commit: {
    summary: 'Publishes what is staged; with --wait until every Envoy has it.',
    load: async () => (await import('./commit.ts')).buildCommit,
  },
  discard: {
    summary: 'Takes back what is staged: all of it, or one object.',
    load: async () => (await import('./discard.ts')).buildDiscard,
  },
  drain: {
    summary: 'Takes a server out of use now, and waits until it is unused.',
    load: async () => (await import('./order.ts')).buildDrain,
  },
  undrain: {
    summary: 'Takes back a drain.',
    load: async () => (await import('./order.ts')).buildUndrain,
  },
  disable: {
    summary: 'Takes a server out of use now, until it is enabled.',
    load: async () => (await import('./order.ts')).buildDisable,
  },
  enable: {
    summary: 'Takes back a disable.',
    load: async () => (await import('./order.ts')).buildEnable,
  },
  switchover: {
    summary: 'Makes another server the primary of a cluster, without losing a write.',
    load: async () => (await import('./promotion.ts')).buildSwitchover,
  },
  promote: {
    summary: 'Gives up a primary, and promotes another server.',
    load: async () => (await import('./promotion.ts')).buildPromote,
  },
  failover: {
    summary: 'Lists promotions; pauses, resumes, acknowledges them.',
    load: async () => (await import('./failover.ts')).buildFailover,
  },
  history: {
    summary: 'Lists the revisions: when, by whom, and what for.',
    load: async () => (await import('./history.ts')).buildHistory,
  },
  show: {
    summary: 'Shows one revision, and what it changed.',
    load: async () => (await import('./show.ts')).buildShow,
  },
  rollback: {
    summary: 'Publishes an older revision again; what is staged stays staged.',
    load: async () => (await import('./rollback.ts')).buildRollback,
  },
  apply: {
    summary: 'Stages a whole file, and commits it if told to.',
    load: async () => (await import('./apply.ts')).buildApply,
  },
  export: {
    summary: 'Prints all that is declared, as a file for apply.',
    load: async () => (await import('./export.ts')).buildExport,
  },
  backup: {
    summary: 'Saves a copy of all there is, history included, in a file.',
    load: async () => (await import('./backup.ts')).buildBackup,
  },
  restore: {
    summary: 'Publishes what a backup holds, as a new revision.',
    load: async () => (await import('./restore.ts')).buildRestore,
  },
  validate: {
    summary: 'Checks a file, without a control plane.',
    load: async () => (await import('./validate.ts')).buildValidate,
  },
  check: {
    summary: 'Looks at every declared server: who answers, and is what it should be.',
    load: async () => (await import('./check.ts')).buildCheck,
  },
  health: {
    summary: 'Shows what is seen of the servers that are watched: a line for each.',
    load: async () => (await import('./health.ts')).buildHealth,
  },
  events: {
    summary: 'Shows what happened, and with --follow what happens.',
    load: async () => (await import('./events.ts')).buildEvents,
  },
  'host-names': {
    summary: 'Lists the host names that are looked up here, and what they lead to.',
    load: async () => (await import('./host-names.ts')).buildHostNames,
  },
  bootstrap: {
    summary: 'Prints a configuration file for an Envoy.',
    load: async () => (await import('./bootstrap.ts')).buildBootstrap,
  },
  retry: {
    summary: 'Sends what an Envoy rejected once more, to those that did.',
    load: async () => (await import('./retry.ts')).buildRetry,
  },
  completion: {
    summary: 'Prints a script by which a shell completes all of this.',
    load: async () => (await import('./completion.ts')).buildCompletion,
  },
  complete: { load: async () => (await import('./complete.ts')).buildComplete },
};

/** By name. */
export const commands: ReadonlyMap<string, CommandEntry> = new Map(Object.entries(table));

/** A line for each, for the help text. */
export function describeCommands(): string {
  return Array.from(commands)
    .filter(([, { summary }]) => summary !== undefined)
    .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}\n`)
    .join('');
}
