// A list of Redis commands as an operator writes it: text to names.

const maxNames = 100;
const maxNameLength = 64;
const commandName = /^[a-z0-9._-]+$/;

/** What Envoy answers itself before it looks at its faults, so that nothing can deny it (seen with 1.36 and 1.40). */
const undeniable: ReadonlySet<string> = new Set(['auth', 'client', 'echo', 'hello', 'ping', 'quit', 'time']);

/**
 * Parses names separated by commas, for commands that Envoy is to refuse; in lower case, in the order given, empty for
 * an empty text. Whether Envoy knows them differs by its release and is not asked: what it does not know, it refuses.
 * Throws an Error whose message is the rule that `text` breaks.
 */
export function parseDeniedCommands(text: string): readonly string[] {
  if (text === '') return [];
  const names = text.toLowerCase().split(',');
  if (names.length > maxNames) throw new Error(`must be at most ${maxNames} commands`);
  for (const [index, name] of names.entries()) {
    if (!commandName.test(name)) {
      throw new Error('must be commands separated by commas, each of letters, digits, dots, dashes and underscores');
    }
    if (name.length > maxNameLength) throw new Error(`a command must have at most ${maxNameLength} characters`);
    if (names.indexOf(name) !== index) throw new Error(`must not hold ${name} twice`);
    if (undeniable.has(name)) throw new Error(`must not hold ${name}: Envoy answers it itself, whatever is denied`);
  }
  return names;
}
