// Plays a scenario step by step, then lets everything come to rest and ends it.

import { allKinds } from '../../support/xds/discovery-api.ts';
import { checkConverged } from './convergence.ts';
import type { ModelClient } from './model-client.ts';
import type { Scenario, Step } from './scenario.ts';
import { demand } from './violation.ts';
import { VirtualTime } from './virtual-time.ts';
import { World } from './world.ts';

// More than any make-before-break takes.
const maxWaits = 100;

const noTrace = (): void => undefined;

/** @param trace told what happens, in words. Throws a Violation when the server breaks a rule. */
export function runScenario(scenario: Scenario, trace: (line: () => string) => void = noTrace): void {
  const time = new VirtualTime();
  try {
    const run = new Run(new World(scenario, time, trace));
    run.start();
    for (const { step, isTurnGiven } of scenario.steps) {
      trace(() => `* ${JSON.stringify(step)}${isTurnGiven ? '' : ', and at once'}`);
      run.take(step);
      if (isTurnGiven) run.giveTurn();
    }
    trace(() => '* the end');
    run.finish();
  } finally {
    time.restore();
  }
}

class Run {
  readonly #world: World;
  readonly #prompt: readonly ModelClient[];

  constructor(world: World) {
    this.#world = world;
    this.#prompt = world.clients.filter(({ traits }) => traits.isPrompt);
  }

  start(): void {
    for (const client of this.#world.clients) this.#connect(client);
  }

  take(step: Step): void {
    if ('client' in step) this.#takeByClient(step);
    else this.#takeByServer(step);
  }

  giveTurn(): void {
    this.#world.turn();
    this.#world.exchangeAll(this.#prompt);
  }

  finish(): void {
    for (const client of this.#world.clients) this.#connect(client);
    this.#settle();
    this.#world.close();
  }

  #takeByServer(step: Exclude<Step, { client: number }>): void {
    const { operator } = this.#world;
    switch (step.do) {
      case 'add cluster':
        operator.addCluster(step.name, `${step.name} ${step.prefix}`);
        for (const port of step.ports) operator.toggleEndpoint(step.name, port);
        break;
      case 'remove cluster':
        operator.removeCluster(step.name);
        break;
      case 'toggle endpoint':
        operator.toggleEndpoint(step.name, step.port);
        break;
      case 'commit':
        operator.commit();
        break;
      case 'swap':
        operator.addCluster(step.to, step.to);
        operator.toggleEndpoint(step.to, step.port);
        operator.removeCluster(step.from);
        operator.commit();
        break;
      case 'touch cluster':
        operator.touch(step.name);
        break;
      case 'put secret':
        operator.putSecret(step.name, step.content);
        break;
      case 'remove secret':
        operator.putSecret(step.name, undefined);
        break;
      case 'render again':
        operator.renderAgain();
        break;
      case 'restart server':
        this.#world.restart();
        break;
      case 'wait':
        this.#world.time.advance(step.ms);
        break;
      case 'let the server write':
        this.#world.turn();
        break;
      case 'settle':
        if (step.isMute) this.#settleMute();
        this.#settle();
    }
  }

  #takeByClient(step: Extract<Step, { client: number }>): void {
    const { clients } = this.#world;
    const client = clients[step.client % clients.length];
    if (client === undefined) return;
    switch (step.do) {
      case 'connect':
        if (step.isAfterLoss) for (const kind of allKinds) client.disconnect(kind);
        client.connect(step.resumption, step.order);
        break;
      case 'disconnect':
        client.disconnect(step.kind);
        break;
      case 'want':
        if (client.traits.manner === 'wild') client.want(step.kind, step.isWildcard, step.names);
        break;
      case 'subscribe again':
        if (client.traits.manner === 'wild') client.subscribeAgain(step.kind, step.names, step.isFlip);
        break;
      case 'repeat':
        client.repeat();
        break;
      case 'upload':
        client.link(step.kind)?.upload(step.count);
        break;
      case 'read':
        client.read(step.kind, step.verdict, step.isAnswered);
        break;
      case 'retry':
        client.link(step.kind)?.retry();
        break;
      case 'answer':
        client.answer(step.kind);
        break;
      case 'stop reading':
      case 'go on reading': {
        const link = client.link(step.kind);
        if (link !== undefined) link.isReading = step.do === 'go on reading';
      }
    }
  }

  #connect(client: ModelClient): void {
    client.connect({ memory: 'remember', isOldNonceSent: false, isHeldNamed: false });
  }

  /** Everything arrives and is answered, and time passes; then nothing may happen any more, and all must be right. */
  #settle(): void {
    this.#exchangeAndWait(true);
    for (const client of this.#world.clients) client.repeat();
    this.#exchangeAndWait(true);
    this.#check();
    for (const { links } of this.#world.clients) {
      const isSettled = !this.#world.operator.state.isPublished || links.every((link) => link.isSettled);
      demand(isSettled, 'convergence', () => 'the server waits for a client that has answered everything');
    }
  }

  /** The same, but no client answers: what waits for an answer must come when it has waited long enough. */
  #settleMute(): void {
    this.#exchangeAndWait(false);
    this.#check();
  }

  #exchangeAndWait(isAnswered: boolean): void {
    const { clients, boundMs, listenerPause, time } = this.#world;
    for (const link of clients.flatMap(({ links }) => links)) link.isReading = true;
    if (isAnswered) for (const client of clients) for (const kind of allKinds) client.answer(kind);
    let waits = 0;
    do {
      demand((waits += 1) < maxWaits, 'silence', () => 'the server never stops to write');
      this.#world.exchangeAll(clients, isAnswered);
      time.advance(Math.max(boundMs, listenerPause.maxMs) + 1);
    } while (time.isTurnPlanned);
  }

  #check(): void {
    const { clients, operator, time } = this.#world;
    if (!operator.state.isPublished) return;
    for (const client of clients) checkConverged(client, operator.state, time.nowMs);
  }
}
