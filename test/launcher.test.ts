import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { realpathSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../controlplane', import.meta.url));
const unprivilegedUser = 65_534;
const neededTools = ['bash', 'dirname', 'ln', 'mkdir', 'mv', 'readlink', 'rm', 'sha256sum', 'sleep'];

/** Installs as far as the launcher can see: a node in .bin and, last, npm's record. Files tell it to do otherwise. */
const npmStub = `#!/usr/bin/env bash
echo "$PWD: npm $*" >>"$STUBS/npm.log"
echo 'progress of npm'
if [[ -e $STUBS/npm-dies-early ]]; then rm -rf node_modules/.bin; kill -9 $$; fi
rm -rf node_modules/* node_modules/.[!.]*
mkdir -p node_modules/.bin
if [[ -e $STUBS/npm-fails ]]; then echo 'npm error' >&2; exit 1; fi
if [[ -e $STUBS/npm-dies ]]; then kill -9 $$; fi
while [[ -e $STUBS/npm-hangs ]]; do sleep 0.02; done
[[ -e $STUBS/npm-skips-scripts ]] || ln -s "$STUBS/node24" node_modules/.bin/node
echo '{}' >node_modules/.package-lock.json
`;

const main = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
const plan = process.argv[2]?.startsWith('--end-by=') ? process.argv[2].slice('--end-by='.length).split(',') : [];
if (plan.length > 0) {
  const record = process.env.STUBS + '/starts';
  const earlier = existsSync(record) ? readFileSync(record, 'utf8').length : 0;
  appendFileSync(record, '.');
  const end = plan[earlier];
  if (end.startsWith('SIG')) process.kill(process.pid, end);
  else process.exit(Number(end));
  setTimeout(() => process.exit(99), 60_000);
}
if (process.argv[2] === '--follow') process.stdin.pipe(process.stdout);
if (process.argv[2] === 'wait') {
  setTimeout(() => process.exit(9), 60_000);
  process.on('SIGTERM', () => process.exit(7));
}
const { pid, argv, execArgv, env } = process;
const { NODE_OPTIONS: nodeOptions, NODE_COMPILE_CACHE: compileCache } = env;
console.log(JSON.stringify({ pid, argv: argv.slice(2), cwd: process.cwd(), execArgv, nodeOptions, compileCache }));
`;

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Project {
  readonly directory: string;
  /** Holds npm and node, or what the test leaves of them; with the tools it is all that the launcher finds in PATH. */
  readonly stubs: string;
  readonly environment: Readonly<Record<string, string>>;
  start(...args: readonly string[]): Outcome;
  /** One line for each time that npm ran. */
  npmRuns(): string[];
}

/** A copy of the launcher in a folder of its own, with a main.ts that tells how it was started. */
function makeProject(t: TestContext): Project {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'controlplane launcher ')));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const [directory, stubs] = [join(root, 'the project'), join(root, 'stubs')];
  for (const made of [directory, join(directory, 'src'), stubs]) mkdirSync(made);
  copyFileSync(launcher, join(directory, 'controlplane'));
  writeFileSync(join(directory, 'package-lock.json'), '{"version": 1}');
  writeFileSync(join(directory, 'src', 'main.ts'), main);
  for (const tool of neededTools) symlinkSync(findTool(tool), join(stubs, tool));
  writeScript(join(stubs, 'npm'), npmStub);
  writeScript(join(stubs, 'node24'), `#!/usr/bin/env bash\nexec '${process.execPath}' "$@"\n`);
  symlinkSync('node24', join(stubs, 'node'));
  const environment = { PATH: stubs, STUBS: stubs };
  return {
    directory,
    stubs,
    environment,
    start: (...args) =>
      spawnSync(join(directory, 'controlplane'), args, { cwd: root, env: environment, encoding: 'utf8' }),
    npmRuns: () => {
      const log = join(stubs, 'npm.log');
      return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
    },
  };
}

function findTool(name: string): string {
  const found = spawnSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).stdout.trim();
  assert.ok(found, `${name} is missing on this machine`);
  return found;
}

function writeScript(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/** Puts a node into PATH that knows its version and that it was run. */
function useNode({ stubs }: Project, version: string): void {
  const script = `if [[ $1 == --version ]]; then echo ${version}; else echo "node ${version} ran"; fi`;
  writeScript(join(stubs, 'node'), `#!/usr/bin/env bash\n${script}\n`);
}

function setModified(path: string, secondsAgo: number): void {
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(path, time, time);
}

const recordOf = ({ directory }: Project) => join(directory, 'node_modules', '.package-lock.json');
const lockOf = ({ directory }: Project) => join(directory, 'package-lock.json');

function assertStarted({ status, stdout, stderr }: Outcome): void {
  assert.equal(status, 0, stderr);
  assert.match(stdout, /"argv":/);
}

describe('installing', () => {
  test('the first start installs, says so on stderr and runs; the second does not install', (t) => {
    const project = makeProject(t);
    const first = project.start();
    assertStarted(first);
    assert.deepEqual(project.npmRuns(), [`${project.directory}: npm ci --omit=dev --loglevel=error`]);
    const lines = first.stderr.trimEnd().split('\n');
    assert.equal(lines[0], `controlplane: installing npm packages into ${project.directory}/node_modules`);
    assert.equal(lines[1], 'progress of npm');
    assert.match(lines[2] ?? '', /^controlplane: installed in \d+ s$/);
    assert.equal(first.stdout.split('\n').length, 2);

    unlinkSync(join(project.stubs, 'npm'));
    const second = project.start();
    assertStarted(second);
    assert.equal(second.stderr, '');
  });

  test('a changed package-lock.json installs again, once', (t) => {
    const project = makeProject(t);
    project.start();
    writeFileSync(lockOf(project), '{"version": 2}');
    for (let start = 0; start < 2; start++) assertStarted(project.start());
    assert.equal(project.npmRuns().length, 2);
  });

  test('so does one that was changed back after other packages were installed by hand', (t) => {
    const project = makeProject(t);
    project.start();
    writeFileSync(recordOf(project), '{"other": "packages"}');
    setModified(recordOf(project), 60);
    assertStarted(project.start());
    assert.equal(project.npmRuns().length, 2);
  });

  test('an installation by hand counts when it is newer than package-lock.json', (t) => {
    const project = makeProject(t);
    setModified(lockOf(project), 60);
    spawnSync(join(project.stubs, 'npm'), ['ci'], { cwd: project.directory, env: project.environment });
    assertStarted(project.start());
    assert.deepEqual(project.npmRuns(), [`${project.directory}: npm ci`]);
  });

  test('and goes on counting when a copy of the folder has mixed up the times', (t) => {
    const project = makeProject(t);
    setModified(lockOf(project), 60);
    spawnSync(join(project.stubs, 'npm'), ['ci'], { cwd: project.directory, env: project.environment });
    project.start();
    setModified(recordOf(project), 3600);
    assertStarted(project.start());
    assert.equal(project.npmRuns().length, 1);
  });

  test('packages without the record of npm are half an installation', (t) => {
    const project = makeProject(t);
    project.start();
    unlinkSync(recordOf(project));
    assertStarted(project.start());
    assert.equal(project.npmRuns().length, 2);
  });

  for (const how of ['npm-fails', 'npm-dies']) {
    test(`an installation in which ${how.replace('-', ' ')} ends the start, and the next one tries again`, (t) => {
      const project = makeProject(t);
      assertStarted(project.start());
      writeFileSync(lockOf(project), '{"version": 2}');
      writeFileSync(join(project.stubs, how), '');
      const failed = project.start();
      assert.equal(failed.status, 1);
      assert.equal(failed.stdout, '');
      assert.match(failed.stderr, /\ncontrolplane: the installation failed, see above; the next start tries again\n$/);
      unlinkSync(join(project.stubs, how));
      assertStarted(project.start());
      assert.equal(project.npmRuns().length, 3);
    });
  }

  test('what npm had begun to remove is not taken for complete when package-lock.json is changed back', (t) => {
    const project = makeProject(t);
    project.start();
    const before = readFileSync(lockOf(project));
    writeFileSync(lockOf(project), '{"version": 2}');
    writeFileSync(join(project.stubs, 'npm-dies-early'), '');
    assert.equal(project.start().status, 1);
    unlinkSync(join(project.stubs, 'npm-dies-early'));
    writeFileSync(lockOf(project), before);
    assertStarted(project.start());
    assert.equal(project.npmRuns().length, 3);
  });

  test('of two first starts at once one installs and the other waits', async (t) => {
    const project = makeProject(t);
    symlinkSync(findTool('flock'), join(project.stubs, 'flock'));
    writeFileSync(join(project.stubs, 'npm-hangs'), '');
    const begin = () => {
      const child = spawn(join(project.directory, 'controlplane'), { env: project.environment });
      t.after(() => child.kill('SIGKILL'));
      return { ended: once(child, 'close'), stderr: child.stderr.setEncoding('utf8') };
    };
    const first = begin();
    await waitFor(() => project.npmRuns().length === 1);
    const second = begin();
    const [notice] = await once(second.stderr, 'data');
    assert.equal(notice, 'controlplane: waiting for another start that is installing npm packages\n');
    unlinkSync(join(project.stubs, 'npm-hangs'));
    assert.deepEqual(await Promise.all([first.ended, second.ended]), [[0, null], [0, null]]);
    assert.equal(project.npmRuns().length, 1);
  });

  test('a folder that is complete need not be writable, one that is not must be', (t) => {
    for (const complete of [true, false]) {
      const project = makeProject(t);
      useNode(project, 'v24.0.0');
      if (complete) {
        setModified(lockOf(project), 60);
        spawnSync(join(project.stubs, 'npm'), ['ci'], { cwd: project.directory, env: project.environment });
      }
      const { status, stdout, stderr } = startUnprivileged(project);
      const unwritable = `controlplane: npm packages are missing, and ${project.directory} can't be written\n`;
      assert.deepEqual(
        { status, stdout, stderr },
        complete
          ? { status: 0, stdout: 'node v24.0.0 ran\n', stderr: '' }
          : { status: 1, stdout: '', stderr: unwritable },
      );
    }
  });
});

/** Starts where nothing can be written: as another user when this one is root, whom no mode stops. */
function startUnprivileged({ directory, stubs, environment }: Project): Outcome {
  const folders = [directory, join(directory, 'node_modules')].filter(existsSync);
  chmodSync(join(directory, '..'), 0o755);
  for (const folder of folders) chmodSync(folder, 0o555);
  const user = process.geteuid?.() === 0 ? { uid: unprivilegedUser, gid: unprivilegedUser } : {};
  const options = { cwd: stubs, env: environment, encoding: 'utf8', ...user } as const;
  const result = spawnSync(join(directory, 'controlplane'), options);
  for (const folder of folders) chmodSync(folder, 0o755);
  return result;
}

async function waitFor(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!isTrue()) {
    assert.ok(Date.now() < deadline, `still waiting for ${isTrue}`);
    await sleep(20);
  }
}

describe('what is missing is said in one line', () => {
  const cases: readonly (readonly [string, (project: Project) => void, RegExp])[] = [
    ['npm', ({ stubs }) => unlinkSync(join(stubs, 'npm')), /^npm is missing: install Node\.js 20 or newer, with npm$/],
    [
      'node, though npm is there',
      ({ stubs }) => unlinkSync(join(stubs, 'node')),
      /^Node\.js 20 or newer is needed, but node is missing$/,
    ],
    [
      'a node that can install',
      (project) => useNode(project, 'v18.20.4'),
      /^Node\.js 20 or newer is needed, but node is v18\.20\.4$/,
    ],
  ];
  for (const [what, prepare, message] of cases) {
    test(what, (t) => {
      const project = makeProject(t);
      prepare(project);
      const { status, stdout, stderr } = project.start();
      assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
      assert.match(stderr.replace(/^controlplane: (.*)\n$/, '$1'), message);
      assert.deepEqual(project.npmRuns(), []);
    });
  }

  test('a node that can run, when npm was told to run no install scripts', (t) => {
    const project = makeProject(t);
    useNode(project, 'v20.0.0');
    writeFileSync(join(project.stubs, 'npm-skips-scripts'), '');
    project.start();
    const { status, stderr } = project.start();
    assert.equal(status, 1);
    assert.match(stderr, /^controlplane: .*\.bin\/node is missing: .* or install Node\.js 24\n$/);
  });
});

describe('running', () => {
  for (const [version, runs] of [
    ['v24.0.0', 'the node in PATH'],
    ['v100.1.0', 'the node in PATH'],
    ['v22.21.0', 'the installed one'],
    ['garbage', 'the installed one'],
  ] as const) {
    test(`with ${version} in PATH, ${runs} runs`, (t) => {
      const project = makeProject(t);
      project.start();
      useNode(project, version);
      const { status, stdout } = project.start();
      assert.equal(status, 0);
      if (runs === 'the node in PATH') assert.equal(stdout, `node ${version} ran\n`);
      else assert.match(stdout, /"argv":\[\]/);
    });
  }

  test('an installed start needs no node and no npm in PATH', (t) => {
    const project = makeProject(t);
    project.start();
    for (const name of ['node', 'npm']) unlinkSync(join(project.stubs, name));
    assertStarted(project.start());
  });

  test('arguments, working directory and NODE_OPTIONS arrive as they are, through symlinks too', (t) => {
    const project = makeProject(t);
    const elsewhere = join(project.directory, '..', 'else where');
    mkdirSync(elsewhere);
    symlinkSync(join('..', 'the project', 'controlplane'), join(elsewhere, 'link'));
    symlinkSync('link', join(elsewhere, 'link to a link'));
    const args = ['-data-dir', 'a  b', '', '--', '*', '$HOME'];
    const env = { ...project.environment, NODE_OPTIONS: '--no-deprecation', CDPATH: '/tmp:/' };
    const { stdout, stderr } = spawnSync('./link to a link', args, { cwd: elsewhere, env, encoding: 'utf8' });
    const { pid: _, ...started } = JSON.parse(stdout || assert.fail(stderr));
    assert.deepEqual(started, {
      argv: args,
      cwd: elsewhere,
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        '--disable-sigusr1',
        '--max-semi-space-size=8',
        '--no-allocation-site-pretenuring',
      ],
      nodeOptions: '--no-deprecation',
      compileCache: join(project.directory, 'node_modules/.cache/compiled'),
    });
    assert.deepEqual(readdirSync(elsewhere).sort(), ['link', 'link to a link']);
  });

  test('a command takes the place of the launcher: signals reach it, and its exit code comes back', async (t) => {
    const project = makeProject(t);
    project.start();
    const child = spawn(join(project.directory, 'controlplane'), ['wait'], { env: project.environment });
    t.after(() => child.kill('SIGKILL'));
    const [line] = await once(child.stdout, 'data');
    assert.equal(JSON.parse(line).pid, child.pid);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [7, null]);
  });
});

describe('a daemon that ends', () => {
  const startsOf = ({ stubs }: Project) => readFileSync(join(stubs, 'starts'), 'utf8').length;

  for (const fault of ['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGKILL', '70']) {
    test(`by ${fault} is started again, with a line that says so`, (t) => {
      const project = makeProject(t);
      project.start('--version');
      const { status, stderr } = project.start(`--end-by=${fault},0`);
      const cause = fault === '70' ? 'an unexpected error' : fault;
      assert.match(stderr, new RegExp(`^controlplane: ended by ${cause} after \\d+ s, starting again in 0 s\\n$`));
      assert.deepEqual([status, startsOf(project)], [0, 2]);
    });
  }

  test('again and again waits longer each time', (t) => {
    const project = makeProject(t);
    project.start('--version');
    const { status, stderr } = project.start('--end-by=SIGABRT,SIGSEGV,SIGABRT,9');
    assert.deepEqual(stderr.match(/in \d+ s$/gm), ['in 0 s', 'in 1 s', 'in 2 s']);
    assert.deepEqual([status, startsOf(project)], [9, 4]);
  });

  test('and then by 1, is started again too: what kept it may have passed', (t) => {
    const project = makeProject(t);
    project.start('--version');
    const { status, stderr } = project.start('--end-by=SIGABRT,1,1,0');
    const causes = Array.from(stderr.matchAll(/ended by (.+) after/g), ([, cause]) => cause);
    assert.deepEqual(causes, ['SIGABRT', 'a failed start', 'a failed start']);
    assert.deepEqual([status, startsOf(project)], [0, 4]);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`waits, and ${signal} ends the launcher in order`, async (t) => {
      const project = makeProject(t);
      project.start('--version');
      const plan = '--end-by=SIGABRT,SIGABRT,SIGABRT,9';
      const child = spawn(join(project.directory, 'controlplane'), [plan], { env: project.environment });
      t.after(() => child.kill('SIGKILL'));
      const ended = once(child, 'exit');
      let output = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
      await waitFor(() => output.includes('starting again in 2 s'));
      child.kill(signal);
      assert.deepEqual(await ended, [0, null]);
      assert.equal(startsOf(project), 3);
    });
  }

  for (const answer of ['0', '1', '2', '9', 'SIGTERM', 'SIGINT']) {
    test(`by ${answer} is not, and the launcher ends with its code`, (t) => {
      const project = makeProject(t);
      project.start('--version');
      const { status, stderr } = project.start(`--end-by=${answer},0`);
      const codes: Readonly<Record<string, number>> = { SIGTERM: 128 + 15, SIGINT: 128 + 2 };
      assert.deepEqual([status, stderr, startsOf(project)], [codes[answer] ?? Number(answer), '', 1]);
    });
  }
});

test('the launcher tells the daemon of its signals on standard input, and ends when the daemon does', async (t) => {
  const project = makeProject(t);
  project.start('--version');
  const child = spawn(join(project.directory, 'controlplane'), ['--follow'], { env: project.environment });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await waitFor(() => output.includes('argv'));
  const { pid } = JSON.parse(output);
  assert.notEqual(pid, child.pid);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
    const before = output.length;
    child.kill(signal);
    await waitFor(() => output.slice(before) === `${signal}\n`);
  }
  process.kill(pid, 'SIGABRT');
  assert.deepEqual(await once(child, 'close'), [128 + 6, null], 'it was told to stop: nothing is started again');
});
