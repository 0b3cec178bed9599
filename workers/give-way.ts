import { setPriority } from 'node:os';

/**
 * Has this thread give way to the others of the program when there is more to do than cores. On Linux only: elsewhere
 * it would be the whole process.
 * @param niceness 5: another thread gets three times as much of a core; 10: ten times as much
 */
export function giveWay(niceness: number): void {
  // Linux takes 0 for the calling thread.
  if (process.platform === 'linux') setPriority(0, niceness);
}
