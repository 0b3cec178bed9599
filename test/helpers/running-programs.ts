import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

/** Kills a program at the end of the test file, in case a test failed before it could stop the program. */
export function endWithTestFile<Child extends ChildProcess>(child: Child): Child {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Kills every program that a test of this file left running. */
export async function endRunningPrograms(): Promise<void> {
  await Promise.all([...running].map(kill));
}

/** Resolves when the program has ended. */
export async function kill(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
