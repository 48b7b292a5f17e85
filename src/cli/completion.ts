// `controlplane completion`: the script by which a shell asks for completions, of @bomb.sh/tab.

import { fileURLToPath } from 'node:url';

import { Argument } from 'commander';
import type { Command } from 'commander';

import { Failure, UsageError } from '../process/failure.ts';
import { apiCaOption, apiOption } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd } from './define.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

const description = `Prints a script by which bash, zsh or fish completes commands, flags, and the names of what is \
staged. Names are asked of the control plane, which is given so little time that a completion takes at most 300 ms; \
when it does not answer there are none. Names with other characters than letters, digits and -_.:,+=@%/ are left out.

For bash the package bash-completion must be installed.`;

export function buildCompletion(context: Context): Command {
  const examples = ['completion bash > ~/.controlplane.bash   # and in ~/.bashrc: source ~/.controlplane.bash'];
  const others = [
    'completion zsh > ~/.controlplane.zsh',
    'completion fish > ~/.config/fish/completions/controlplane.fish',
  ];
  return defineCommand(context, 'completion')
    .description(description)
    .addArgument(new Argument('<SHELL>').choices(shells).argParser(readShell))
    .addOption(apiOption().hideHelp())
    .addOption(apiCaOption().hideHelp())
    .addHelpText('after', helpEnd([...examples, ...others]))
    .action(async (shell: Shell) => {
      const { script } = await import('@bomb.sh/tab');
      script(shell, 'controlplane', launcher());
    });
}

function readShell(text: string): Shell {
  const shell = shells.find((each) => each === text);
  if (shell === undefined) throw new UsageError(`SHELL ${JSON.stringify(text)}: must be one of ${shells.join(', ')}`);
  return shell;
}

// The scripts paste it into the text of a command.
function launcher(): string {
  const path = fileURLToPath(new URL('../../controlplane', import.meta.url));
  if (/^[\w./+@-]+$/u.test(path)) return path;
  throw new Failure(`${JSON.stringify(path)}: a shell could not be told to run what lies in such a folder`);
}
