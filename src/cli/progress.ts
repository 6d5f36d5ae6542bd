import type { Terminal } from './terminal.ts';

const quietMilliseconds = 1000;

/**
 * Tells what is being waited for, once it has taken longer than a second: on a terminal one line that counts the
 * seconds and goes away, elsewhere a line once.
 */
export async function withProgress<T>(terminal: Terminal, what: string, work: Promise<T>): Promise<T> {
  const { error } = terminal.streams;
  let seconds = 0;
  const timer = setInterval(() => {
    seconds += 1;
    if (error.isTTY === true) error.write(`\r\u001b[K${what} … ${seconds} s`);
    else if (seconds === 1) error.write(`${what} …\n`);
  }, quietMilliseconds);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (error.isTTY === true && seconds > 0) error.write('\r\u001b[K');
  }
}

/** Does the same for each of many, eight at a time. */
export async function aFewAtATime<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}
