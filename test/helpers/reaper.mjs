// Waits until the process that started it has ended, however that ended, and then kills every process that carries
// the mark NAME=VALUE of that run in its environment: programs that tests started, and programs of those programs.
// Started by end-with-run.ts. Linux only, because it reads /proc.
import { readdirSync, readFileSync } from 'node:fs';

const mark = process.argv[2];

function marked() {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark);
    } catch {
      // Ended meanwhile, or of another user.
      return false;
    }
  });
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 150);
  } catch {
    return '';
  }
}

function killMarked() {
  // Again, until nothing is left: a program may start another one while this goes through the list.
  for (let left = marked(); left.length > 0; left = marked()) {
    for (const pid of left) {
      const command = commandOf(pid);
      // A process without a command line has ended already and waits for its parent to notice.
      if (command !== '') process.stderr.write(`Tests left this running, and it is killed now: ${command}\n`);
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // Ended meanwhile.
      }
    }
  }
}

process.stdin.on('close', killMarked).resume();
