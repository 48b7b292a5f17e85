// A real Chromium, without a window, that reaches this machine only.

import { chromium, type Browser } from 'playwright-core';

import { checkoutPath } from './checkout.ts';
import type { Scope } from './child-process.ts';

const dir = checkoutPath('.cache/chromium-153.0.0');

/** Starts the Chromium that scripts/setup.sh has unpacked; ended with `scope`. */
export async function startChromium(scope: Scope): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: `${dir}/chromium`,
    // Without a sandbox, which root can't have: it is shown our own pages only.
    args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
    env: { ...process.env, LD_LIBRARY_PATH: `${dir}/al2023/lib`, FONTCONFIG_PATH: `${dir}/fonts` },
  });
  scope.after(() => browser.close());
  return browser;
}
