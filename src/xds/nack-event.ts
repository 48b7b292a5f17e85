// A refusal, as an event.

import type { NewEvent } from '../events/event.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import { cut } from './stream-log.ts';

interface Refusal {
  readonly kind: ResourceKind;
  /** As it is shown. */
  readonly message: string;
  /** Names that the refused response changed, few of them. */
  readonly names: readonly string[];
  /** True when the client runs it all the same, and refused an earlier one. */
  readonly isInForce: boolean;
}

export function nackEvent(nodeId: string, { kind, message, names, isInForce }: Refusal): NewEvent {
  const node = cut(nodeId);
  return {
    type: 'nack',
    message: `${node} refused ${isInForce ? 'an earlier push of ' : ''}${kind}: ${cut(message)}`,
    data: { node, resource_type: kind, names: names.map(cut), in_force: isInForce },
  };
}
