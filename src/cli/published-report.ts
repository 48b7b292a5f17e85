// How things stand with what is committed, for people: a line for each matter.

import type { DrainingMessage, OldRouteMessage, OldRoutesMessage, PublishedMessage } from '../api/v2/messages.ts';
import { toPrintable } from './printable.ts';

const shownRoutes = 5;
const shownListeners = 5;

export function renderDraining({ draining }: PublishedMessage): string[] {
  return draining.map(({ name, until, successor }: DrainingMessage) => {
    const served = successor === null ? '' : `, served by ${successor}`;
    return toPrintable(`draining: ${name} until ${until}${served}`);
  });
}

export function renderOldRoutes({ old_routes: oldRoutes }: PublishedMessage): string[] {
  return oldRoutes.map(({ listeners, since, until, count, routes }: OldRoutesMessage) => {
    const shown = routes.slice(0, shownRoutes).map(describeRoute);
    const rest = count > shown.length ? [`and ${count - shown.length} more`] : [];
    return toPrintable(`old routes${describeListeners(listeners)}: connections opened before ${since} keep until ${until}: ${[...shown, ...rest].join('; ')}`);
  });
}

export function renderWarnings({ warnings }: PublishedMessage): string[] {
  return warnings.map(({ message }) => toPrintable(`warning: ${message}`));
}

// Most have the one listener that is there without being declared.
function describeListeners(listeners: readonly string[]): string {
  if (listeners.length === 1 && listeners[0] === 'redis_listener') return '';
  const named = listeners.slice(0, shownListeners).join(', ');
  const rest = listeners.length > shownListeners ? ` and ${listeners.length - shownListeners} more` : '';
  return ` of ${listeners.length === 1 ? 'listener' : 'listeners'} ${named}${rest}`;
}

function describeRoute({ prefix, from, to }: OldRouteMessage): string {
  const keys = prefix === null ? 'keys without a prefix' : `${JSON.stringify(prefix)}`;
  return `${keys} to ${from ?? 'no server'} (new ones: ${to ?? 'no server'})`;
}
