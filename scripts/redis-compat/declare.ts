// Objects of the second API, staged and committed at a control plane.

import type { ControlPlane } from '../../test/support/controlplane.ts';

/** One call of /api/v2: `callApi(controlPlane, 'PUT', 'listeners/tcp', {...})`. Throws what it is refused with. */
export async function callApi({ api }: ControlPlane, method: string, path: string, body: object): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`http://${api}/api/v2/${path}`, { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
  return JSON.parse(text);
}

/** Resolves when every connected Envoy has taken it. */
export async function commit(controlPlane: ControlPlane): Promise<void> {
  const { converged } = (await callApi(controlPlane, 'POST', 'commit?wait=20s', {})) as { converged: boolean };
  if (!converged) throw new Error('Envoy has not taken what was committed');
}
