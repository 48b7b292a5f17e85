// Brings client libraries into .cache/ of this checkout, by the package managers of their languages as their user has
// set them up.

import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { checkoutPath } from '../../../test/support/checkout.ts';
import { runCommand } from '../../../test/support/run-command.ts';
import type { Source } from './libraries.ts';

const pom = checkoutPath('scripts/redis-compat/clients/drivers/pom.xml');
const javaDrivers = ['Driver', 'JedisDriver', 'LettuceDriver'].map((name) => {
  return checkoutPath(`scripts/redis-compat/clients/drivers/${name}.java`);
});

// What a user's configuration of pip says is meant for installs that are not into a folder.
const env = { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' };

/** Does nothing but compile when it is there. Throws with the program's words when it can't be had. */
export async function install(source: Source): Promise<void> {
  const { by, packages, folder } = source;
  if (!existsSync(folder)) {
    // A run that is cut short leaves nothing behind that looks whole.
    const scratch = `${folder}.${process.pid}`;
    try {
      await mkdir(scratch, { recursive: true });
      await run(...commandsFor[by](scratch, packages));
      await rename(scratch, folder);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  if (by === 'maven') await run('javac', '-cp', join(folder, '*'), '-d', join(folder, 'drivers'), ...javaDrivers);
}

type Command = readonly [program: string, ...args: readonly string[]];

const commandsFor: Readonly<Record<Source['by'], (folder: string, packages: readonly string[]) => Command>> = {
  pip: (folder, packages) => ['python3', '-m', 'pip', 'install', '--quiet', '--target', folder, ...packages],
  npm: (folder, packages) => {
    const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund'];
    return ['npm', 'install', ...quiet, '--prefix', folder, ...packages];
  },
  maven: (folder) => ['mvn', '-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`],
};

async function run(...[program, ...args]: Command): Promise<void> {
  const { status, stdout, stderr } = await runCommand(program, args, { env });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`);
}
