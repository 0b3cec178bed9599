import { setPriority } from 'node:os';

/**
 * Lowers the priority of this thread relative to the program's other threads. Does nothing except on Linux, because
 * elsewhere it would affect the whole process.
 * @param niceness 5: another thread gets three times as much of a core; 10: ten times as much
 */
export function giveWay(niceness: number): void {
  // Linux takes 0 for the calling thread.
  if (process.platform === 'linux') setPriority(0, niceness);
}
