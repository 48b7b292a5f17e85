// The control plane itself, as a process, driven the way its users do: by cli.sh.

import { checkoutDir, checkoutPath } from './checkout.ts';
import { startChild, type Child, type ExitStatus, type Scope } from './child-process.ts';
import { freePort } from './free-port.ts';
import { runCommand } from './run-command.ts';
import { tempDir } from './temp-dir.ts';

/** Where a control plane listens and keeps its state. */
export interface ControlPlanePlace {
  readonly xdsPort: number;
  readonly apiPort: number;
  readonly dataDir: string;
  /** Default: 127.0.0.1. */
  readonly host?: string;
}

/** A control plane that can die and come back at the same place; made by {@link startControlPlane}. */
export class ControlPlane {
  readonly place: ControlPlanePlace;
  readonly #scope: Scope;
  readonly #flags: readonly string[];
  #child: Child;

  constructor(scope: Scope, place: ControlPlanePlace, flags: readonly string[]) {
    this.place = place;
    this.#scope = scope;
    this.#flags = flags;
    this.#child = this.#spawn();
  }

  /** The process that runs now. */
  get child(): Child {
    return this.#child;
  }

  /** `host:port` of the REST API, as cli.sh takes it in API. */
  get api(): string {
    return `${this.#host}:${this.place.apiPort}`;
  }

  get #host(): string {
    return this.place.host ?? '127.0.0.1';
  }

  /** Runs one command of cli.sh, for example `cli('cluster', 'add', 'a', 'b')`; throws unless it succeeds. */
  async cli(...words: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await runCommand(checkoutPath('cli.sh'), words, { env: { API: this.api } });
    if (status !== 0) throw new Error(`cli.sh ${words.join(' ')} failed (${status}):\n${stdout}${stderr}`);
  }

  /** Resolves when it has said on both ports that it serves. */
  async untilServing(): Promise<void> {
    await this.#child.untilOutput(/Starting API server on/);
    await this.#child.untilOutput(/Starting a server on/);
    await this.#child.until('the API answers', () => fetch(`http://${this.api}/`));
  }

  /** kill -9: no goodbye to anyone. */
  async kill(): Promise<void> {
    await this.#child.end('SIGKILL');
  }

  /** SIGTERM; resolves with how it ended. */
  async stop(): Promise<ExitStatus> {
    return this.#child.end('SIGTERM');
  }

  /** Starts it again with the same ports, flags and state, after {@link kill} or {@link stop}. */
  async comeBack(): Promise<void> {
    this.#child = this.#spawn();
    await this.untilServing();
  }

  #spawn(): Child {
    const { xdsPort, apiPort, dataDir } = this.place;
    const args = ['--disable-warning=ExperimentalWarning', checkoutPath('src/main.ts')];
    args.push('--xds-address', `${this.#host}:${xdsPort}`, '--api-address', `${this.#host}:${apiPort}`);
    args.push(`--data-dir=${dataDir}`, '--log-format', 'json', ...this.#flags);
    return startChild(this.#scope, 'control plane', process.execPath, args, { cwd: checkoutDir });
  }
}

/**
 * Starts a control plane on free ports with an empty data folder, and waits until it serves; killed with `scope`.
 * @param host as {@link ControlPlanePlace.host}.
 */
export async function startControlPlane(
  scope: Scope,
  flags: readonly string[] = [],
  host?: string,
): Promise<ControlPlane> {
  const ports = { xdsPort: await freePort(), apiPort: await freePort() };
  const place = { ...ports, dataDir: await tempDir(scope), ...(host && { host }) };
  // Of its own: the Envoys of tests that run at the same time would share the usual one.
  const emptyListener = `127.0.0.1:${await freePort()}`;
  const controlPlane = new ControlPlane(scope, place, ['--redis-empty-listener', emptyListener, ...flags]);
  await controlPlane.untilServing();
  return controlPlane;
}
