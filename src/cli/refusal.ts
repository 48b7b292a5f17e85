// An error that the control plane answers, as a command tells it.

import { Failure } from '../process/failure.ts';
import type { FaultMessage, RefusalMessage } from './messages.ts';
import { toPrintable } from './printable.ts';

const maxShown = 20;

/** The control plane does not do what it was asked. `message` has a line for the whole, and one for each fault. */
export class Refusal extends Failure {
  override readonly name = 'Refusal';
  readonly problem: RefusalMessage;

  constructor(problem: RefusalMessage) {
    const { detail, faults = [], findings = [] } = problem;
    // A guard says it all in the detail.
    const untold = findings.filter(({ message }) => !detail.includes(message));
    const told = faults.map((fault) => describeFault(fault)).filter((line) => line !== detail);
    const lines = [...told, ...untold.map(({ message }) => message)];
    super([detail, ...cut(lines).map((line) => `  ${line}`)].map(toPrintable).join('\n'));
    this.problem = problem;
  }
}

/** Where, what is there, and the rule. @param file its name, where lines are told of one. */
export function describeFault({ pointer, value, rule, line, column }: FaultMessage, file?: string): string {
  const place = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(':');
  const written = value === undefined ? '' : ` ${shorten(JSON.stringify(value))}`;
  return `${place === '' ? '' : `${place}: `}${pointer === '' ? 'the whole' : pointer}${written}: ${rule}`;
}

/** The first of them, and how many more there are. */
export function cut(lines: readonly string[]): string[] {
  return lines.length <= maxShown ? [...lines] : [...lines.slice(0, maxShown), `and ${lines.length - maxShown} more`];
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
