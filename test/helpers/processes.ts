import { execFileSync } from 'node:child_process';

/** Command lines of the ffmpeg processes that a process has started and that still run. */
export function ffmpegChildren(parentPid: number | undefined): string[] {
  return execFileSync('ps', ['-eo', 'ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+) (.*)$/.exec(line))
    .flatMap((match) =>
      match !== null && Number(match[1]) === parentPid && match[2]?.includes('ffmpeg') ? [match[2]] : [],
    );
}
