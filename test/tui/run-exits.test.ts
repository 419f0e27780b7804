// Every way out that is not the person's own: told once, with its status, and nothing left behind on the process.
import { EventEmitter } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { watchExits, type Ending } from '../../src/tui/run-exits.ts';

const watched = [
  ...['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGCONT'],
  ...['uncaughtException', 'unhandledRejection', 'exit'],
] as const;

interface Watch {
  readonly endings: Ending[];
  readonly calls: string[];
  readonly stdin: EventEmitter;
  readonly stdout: EventEmitter;
  /** Calls what was added to the process for this event, and nobody else's. */
  readonly fire: (event: string, ...words: readonly unknown[]) => void;
  readonly stop: () => void;
}

const listenersOf = (event: string): readonly unknown[] => process.rawListeners(event);

function watch(): Watch {
  const before = new Map(watched.map((event) => [event as string, listenersOf(event)]));
  const endings: Ending[] = [];
  const calls: string[] = [];
  const [stdin, stdout] = [new EventEmitter(), new EventEmitter()];
  const stop = watchExits(
    { stdin, stdout },
    {
      onEnd: (ending) => endings.push(ending),
      onExit: () => calls.push('exit'),
      onContinue: () => calls.push('continue'),
    },
  );
  onTestFinished(stop);
  return {
    ...{ endings, calls, stdin, stdout, stop },
    fire(event, ...words) {
      const added = listenersOf(event).filter((one) => before.get(event)?.includes(one) === false);
      if (added.length === 0) throw new Error(`nobody watches ${event}`);
      for (const one of added) if (typeof one === 'function') Reflect.apply(one, process, words);
    },
  };
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGQUIT', 131],
])('%s ends it with status %i', (signal, status) => {
  const { endings, fire } = watch();
  fire(signal);
  expect(endings).toEqual([{ type: 'signal', signal, status }]);
});

test.each(['uncaughtException', 'unhandledRejection'])('an %s is a crash with what was thrown', (event) => {
  const { endings, fire } = watch();
  const error = new Error('on purpose');
  fire(event, error);
  expect(endings).toEqual([{ type: 'crash', error, status: 70 }]);
});

test.each([
  ['stdin', 'end'],
  ['stdin', 'close'],
  ['stdin', 'error'],
  ['stdout', 'error'],
] as const)('a terminal whose %s says %s is gone', (stream, event) => {
  const on = watch();
  on[stream].emit(event, new Error('EIO'));
  expect(on.endings).toEqual([{ type: 'gone', status: 129 }]);
});

test('only the first reason is told', () => {
  const { endings, fire, stdin } = watch();
  stdin.emit('end');
  fire('SIGTERM');
  fire('uncaughtException', new Error('later'));
  expect(endings).toEqual([{ type: 'gone', status: 129 }]);
});

test('the last resort and the return from a stop are passed on, each time', () => {
  const { calls, fire } = watch();
  fire('SIGCONT');
  fire('SIGCONT');
  fire('exit', 0);
  expect(calls).toEqual(['continue', 'continue', 'exit']);
});

test('stopped, it leaves nothing on the process, and only the listener for write errors on the terminal', () => {
  const before = watched.map(listenersOf);
  const { stop, stdin, stdout, endings } = watch();
  stop();
  expect(watched.map(listenersOf)).toEqual(before);
  expect(stdin.eventNames()).toEqual([]);
  stdout.emit('error', new Error('EIO'));
  expect(endings).toEqual([{ type: 'gone', status: 129 }]);
});
