import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { createLogger } from '../../src/process/log.ts';
import type { LogFormat, LogLevel } from '../../src/process/settings.ts';

interface Choice {
  readonly logLevel?: LogLevel;
  readonly logFormat?: LogFormat;
  readonly isTerminal?: boolean;
  readonly hasColors?: boolean;
}

/** Logs one line of each kind that matters and gives what was written. */
function capture({ logLevel = 'info', logFormat, isTerminal = false, hasColors = false }: Choice): string {
  let written = '';
  const output = { isTerminal, hasColors, write: (lines: string) => void (written += lines) };
  const log = createLogger({ logLevel, logFormat }, output);
  log.debug('hidden');
  log.info({ node_id: 'envoy-1' }, 'Starting API server on %s', '0.0.0.0:8000');
  log.error({ err: new Error('boom') }, 'failed');
  return written;
}

test('JSON: a line each, the level by name, the time in ISO 8601, the keys as given', () => {
  const lines = capture({ logFormat: 'json', isTerminal: true, hasColors: true }).trimEnd().split('\n');
  assert.equal(lines.length, 2);
  const [first, second] = lines.map((line) => JSON.parse(line));
  assert.match(first.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(
    { ...first, time: '' },
    { level: 'info', time: '', node_id: 'envoy-1', msg: 'Starting API server on 0.0.0.0:8000' },
  );
  assert.equal(second.level, 'error');
  assert.equal(second.msg, 'failed');
  assert.equal(second.err.message, 'boom');
  assert.match(second.err.stack, /log\.test\.ts/);
});

test('pretty: for people, the keys behind the message', () => {
  const lines = capture({ logFormat: 'pretty' }).split('\n');
  assert.match(
    lines[0] ?? '',
    /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: Starting API server on 0\.0\.0\.0:8000 \{"node_id":"envoy-1"\}$/,
  );
  assert.match(lines[1] ?? '', /ERROR: failed/);
  assert.match(lines.join('\n'), /boom[^]*log\.test\.ts/);
});

test('colours only where they show', () => {
  const escape = '\u001b[';
  assert.ok(capture({ logFormat: 'pretty', isTerminal: true, hasColors: true }).includes(escape));
  assert.ok(!capture({ logFormat: 'pretty', isTerminal: true, hasColors: false }).includes(escape));
});

test('unset, the format follows the terminal', () => {
  assert.match(capture({ isTerminal: true }), /^\[/);
  assert.match(capture({ isTerminal: false }), /^\{/);
});

test('the level decides what is logged', () => {
  assert.equal(capture({ logLevel: 'debug' }).split('\n').length, 4);
  assert.equal(capture({ logLevel: 'warn' }).split('\n').length, 2);
  assert.equal(capture({ logLevel: 'silent' }), '');
});

const module = JSON.stringify(new URL('../../src/process/log.ts', import.meta.url).href);

test('what would mislead a reader is escaped, in keys, values and messages', () => {
  // C1, DEL, line and paragraph separator, right-to-left override and isolate, zero width, BOM, a tag character.
  const misleading = '\u009b\u007f\u2028\u2029\u202e\u2066\u200b\ufeff\u{e0041}';
  const escaped = '\\u009b\\u007f\\u2028\\u2029\\u202e\\u2066\\u200b\\ufeff\\udb40\\udc41';
  for (const logFormat of ['json', 'pretty'] as const) {
    for (const hasColors of [false, true]) {
      let written = '';
      const output = { isTerminal: hasColors, hasColors, write: (lines: string) => void (written += lines) };
      const log = createLogger({ logLevel: 'info', logFormat }, output);
      log.warn({ node_id: misleading, [`k${misleading}`]: 1 }, `NACK ${misleading}`);
      assert.doesNotMatch(written, /[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]/u);
      assert.ok(written.includes(`"node_id":"${escaped}"`), written);
      assert.equal(written.trimEnd().split('\n').length, 1);
      if (logFormat === 'json') assert.equal(JSON.parse(written).node_id, misleading);
    }
  }
});

test("pretty: an error text can't move the cursor", () => {
  let written = '';
  const output = { isTerminal: true, hasColors: true, write: (lines: string) => void (written += lines) };
  const log = createLogger({ logLevel: 'info', logFormat: undefined }, output);
  log.error({ err: new Error('a\rb\u001b[2Jc\u0007') }, 'failed');
  assert.doesNotMatch(written.replaceAll(/\u001b\[\d+m/g, ''), /(?!\n)\p{Cc}/u);
});

/** Runs a process that logs `lines` lines to its stdout and exits with 3 right after the last. */
function runAndExit(logFormat: LogFormat, lines: number, redirection = '') {
  const script = `import { createLogger } from ${module};
    const log = createLogger({ logLevel: 'info', logFormat: ${JSON.stringify(logFormat)} });
    for (let index = 1; index <= ${lines}; index++) log.info({ index, padding: 'x'.repeat(200) }, 'line');
    process.exit(3);`;
  const command = ['-c', `exec "$@" ${redirection}`, 'sh', process.execPath, '--input-type=module', '--eval', script];
  return spawnSync('sh', command, { encoding: 'utf8', maxBuffer: 1 << 26 });
}

for (const format of ['json', 'pretty'] as const) {
  test(`${format}: nothing is lost at an exit, though a pipe holds less`, () => {
    const { stdout, stderr, status } = runAndExit(format, 2000);
    assert.deepEqual({ stderr, status }, { stderr: '', status: 3 });
    assert.equal(stdout.split('\n').length, 2001);
    assert.match(stdout, /"index":2000\b.*\n$/);
  });

  test(`${format}: a full disk under the log does not end the process`, () => {
    const { stderr, status } = runAndExit(format, 10_000, '>/dev/full');
    assert.deepEqual({ stderr, status }, { stderr: '', status: 3 });
  });
}
