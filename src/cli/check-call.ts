// The call that looks at servers, with its progress.

import type { CheckMessage } from '../api/v2/messages.ts';
import type { ApiClient, Query } from './api-client.ts';
import { idleMs } from './api-client.ts';
import { askApi } from './api-request.ts';
import type { ConfigText } from './config-text.ts';
import type { Context } from './context.ts';
import { ProgressLine } from './progress.ts';

/** @param file whose servers are looked at; undefined: those that are declared. @throws Failure */
export async function sendCheck(
  { stderr }: Context,
  api: ApiClient,
  query: Query,
  file?: ConfigText,
): Promise<CheckMessage> {
  const line = new ProgressLine(stderr);
  const { headers, ...call } = api.changeCall({ method: 'POST', path: 'check', query });
  const { accept: _, ...others } = headers ?? {};
  const body = file === undefined ? { headers: others } : { headers: { ...others, 'content-type': file.type }, body: file.text };
  return askApi<CheckMessage>({ ...call, ...body, idleMs }, ({ settled, total }) => {
    line.show(`${settled} of ${total} servers were looked at`);
  }).finally(() => line.clear());
}
