// How things stand with what is committed, as /api/v2 shows it.

import type { DrainingStatus, OldRoutesStatus, PublishedStatus } from '../../commit/published.ts';
import type { DrainingMessage, OldRoutesMessage, PublishedMessage } from './messages.ts';

export function buildPublishedMessage({ warnings, draining, oldRoutes }: PublishedStatus): PublishedMessage {
  return {
    warnings: warnings.map(({ code, message }) => ({ code, message })),
    draining: draining.map(buildDrainingMessage),
    old_routes: oldRoutes.map(buildOldRoutesMessage),
  };
}

function buildDrainingMessage({ name, untilMs, successor }: DrainingStatus): DrainingMessage {
  return { name, until: new Date(untilMs).toISOString(), successor: successor ?? null };
}

function buildOldRoutesMessage({ listeners, sinceMs, untilMs, count, routes }: OldRoutesStatus): OldRoutesMessage {
  return {
    listeners: [...listeners],
    since: new Date(sinceMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    count,
    routes: routes.map(({ prefix, from, to }) => ({ prefix: prefix ?? null, from: from ?? null, to: to ?? null })),
  };
}
