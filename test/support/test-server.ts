// The HTTP example's server as a process.

import { checkoutPath } from './checkout.ts';
import { startChild, type Child, type Scope } from './child-process.ts';

export interface TestServer {
  readonly port: number;
  readonly child: Child;
}

/** Starts test-server/server.mjs on a port of its own choice with the given ENV; killed when `scope` ends. */
export async function startTestServer(scope: Scope, env: string): Promise<TestServer> {
  const args = [checkoutPath('test-server/server.mjs')];
  const child = startChild(scope, `test server ${env}`, process.execPath, args, { env: { ENV: env, PORT: '0' } });
  const [, port] = await child.untilOutput(/Listening on (\d+)/);
  return { port: Number(port), child };
}
