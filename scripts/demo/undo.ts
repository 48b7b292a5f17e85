// The README's part "Change, look, undo": the commands of ./controlplane, and what Redis clients see of them.

import type { Scope } from '../../test/support/child-process.ts';
import { connectRedis } from '../../test/support/resp-client.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { startControlPlane, startEnvoy, startRedis } from './parts.ts';
import type { Ports } from './parts.ts';
import type { Shell } from './shell.ts';

const key = 'sess:server';

/** A mistake is made, refused, forced, seen and undone; then all that is declared goes into a file and back. */
export async function tellUndo(shell: Shell, scope: Scope, ports: Ports): Promise<void> {
  const [first, second, envoyAddress] = [ports.first, ports.second, ports.envoy].map((port) => `127.0.0.1:${port}`);
  const get = `redis-cli --no-raw -p ${ports.envoy} get ${key}`;

  shell.say(
    `Two Redis servers, ${first} and ${second}, an Envoy on ${envoyAddress},`,
    'and a control plane that has nothing to publish yet. Where it is, and who makes the changes:',
  );
  const stage = shell.silent();
  await startRedis(stage, scope, ports.first, 'first', key);
  await startRedis(stage, scope, ports.second, 'second', key);
  await startControlPlane(stage, ports);
  await startEnvoy(stage, ports);
  shell.export({ CONTROLPLANE_API_ADDRESS: `127.0.0.1:${ports.api}`, CONTROLPLANE_AUTHOR: 'ann' });

  // Envoy tells of new hosts before its workers have heard of them, so clients are asked.
  const untilAnswered = async (reply: string): Promise<void> => {
    await waitUntil(`Redis answers ${reply}`, async () => {
      const client = await connectRedis(scope, ports.envoy);
      return (await client.ask('GET', key)) === reply;
    });
  };

  shell.say('Change: no Envoy sees anything of it yet.');
  await shell.run('./controlplane cluster add sessions --prefix sess:', /^staged: \+ cluster sessions$/);
  await shell.run(`./controlplane endpoint add sessions ${first}`, /^staged: \+ endpoint /);

  shell.say('Look: what is staged, and what a commit would do. Then do it.');
  await shell.run('./controlplane diff', /^\+ cluster sessions \(prefix sess:, 1 endpoint\)$/);
  await shell.run('./controlplane plan', /\+1/, /commit --plan [0-9a-f]+$/);
  await shell.run('./controlplane commit -m "sessions, on one server"', /^committed revision 1$/);
  await untilAnswered('"first"');
  await shell.run(get, /^"first"$/);

  shell.say('A mistake: it is refused, unless it is forced. Then Redis clients see it.');
  await shell.run(`./controlplane endpoint remove sessions ${first}`, /^staged: - endpoint /);
  await shell.run('./controlplane commit -m "the old server goes"', /takes the last endpoint of cluster "sessions"/);
  await shell.run('./controlplane commit -m "the old server goes" --force', /^committed revision 2$/);
  await untilAnswered('(error) no upstream host');
  await shell.run(get, /^\(error\) no upstream host$/);

  shell.say('Undo: the revision before is published again.');
  await shell.run('./controlplane rollback', /^rolled back to revision 1, as revision 3$/);
  await untilAnswered('"first"');
  await shell.run(get, /^"first"$/);
  await shell.run('./controlplane history', /back to 1/);
  await shell.run('./controlplane show 2', /^~ cluster sessions {2}endpoint \S+: removed$/m);

  shell.say('All of it as a file: exported, edited, looked at, applied.');
  await shell.run('./controlplane export > $dir/fleet.yaml && cat $dir/fleet.yaml', /name: sessions/);
  await shell.run(`sed -i '/^listeners/i\\      - { address: 127.0.0.1, port: ${ports.second} }' $dir/fleet.yaml`);
  await shell.run('./controlplane apply -f $dir/fleet.yaml --dry-run', /endpoint \S+: added\nnot staged: a dry run$/);
  await shell.run('./controlplane apply -f $dir/fleet.yaml --commit --wait 10s -m "a second server"', /1 of 1 in sync/);
  await untilAnswered('"second"');
  await shell.run(`redis-cli --no-raw -p ${ports.envoy} -r 2 get ${key}`, /^"first"$/m, /^"second"$/m);
}
