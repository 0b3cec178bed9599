import { execFileSync } from 'node:child_process';

/** Process ids and command lines of the living ffmpegs that a process started; this process unless told otherwise. */
export function ffmpegChildren(parentPid = process.pid): string[] {
  const lines = execFileSync('ps', ['-eo', 'ppid=,pid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, ppid, pid, stat, args = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const isChild = Number(ppid) === parentPid && !stat?.startsWith('Z') && /^\S*ffmpeg /.test(args);
    return isChild ? [`${pid} ${args}`] : [];
  });
}

/** Whether a process runs. One that has ended, and only waits for its parent to ask for the result, does not. */
export function isAlive(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}
