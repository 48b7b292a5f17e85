// What a Sentinel tells its subscribers, as an event.

import type { NewEvent } from '../events/event.ts';
import type { SentinelMessage } from './sentinel-answers.ts';

/** @param sentinel ADDRESS:PORT of who said it. */
export function sentinelEvent(cluster: string, sentinel: string, { event, payload }: SentinelMessage): NewEvent {
  return {
    type: 'sentinel',
    cluster,
    message: `cluster ${JSON.stringify(cluster)}: Sentinel ${sentinel}: ${event} ${payload}`,
    data: { sentinel, event, payload },
  };
}
