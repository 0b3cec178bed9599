import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Why tests that watch system calls are skipped, or null when they run. Where CI=true they run, and fail without strace. */
export const noStraceReason = stracePresent() || process.env['CI'] === 'true' ? null : 'no working strace';

function stracePresent(): boolean {
  try {
    execFileSync('strace', ['-e', 'trace=none', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** ONNX Runtime sends nothing where one of these is set, which would hide what these tests look for. */
const hiding = ['CI', 'TF_BUILD', 'GITHUB_ACTIONS', 'GITLAB_CI', 'BUILDKITE', 'ORT_RUNNING_UNIT_TESTS'];
const folders = ['XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR'];

/** A user of whom nothing is known yet: an empty home folder, and a folder for temporary files. */
export class NewUser {
  readonly home: string;
  readonly temporary: string;

  constructor(folder: string) {
    this.home = join(folder, 'home');
    this.temporary = join(folder, 'tmp');
    for (const path of [this.home, this.temporary]) mkdirSync(path, { recursive: true });
  }

  /** The variables of a program that this user starts, without one that would switch telemetry off. */
  environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    // With NODE_EXTRA_CA_CERTS, Node itself reads certificates.
    const unset = [...hiding, ...folders, 'ORT_DISABLE_TELEMETRY', 'NODE_EXTRA_CA_CERTS'].map((name) => [
      name,
      undefined,
    ]);
    return {
      ...process.env,
      ...(Object.fromEntries(unset) as NodeJS.ProcessEnv),
      ...{ HOME: this.home, TMPDIR: this.temporary },
      ...more,
    };
  }

  /** Whatever programs have left in the home folder. */
  leftAtHome(): string[] {
    return readdirSync(this.home, { recursive: true, encoding: 'utf8' });
  }
}

/** What a program and its children did, as their system calls tell. */
export interface Deeds {
  /** Every address of another machine, or of a name server wherever it is, that something was sent to. */
  readonly contacted: string[];
  /** Files read by whoever looks up a name or is about to speak TLS. */
  readonly prepared: string[];
  /** Absolute paths of what was opened for writing, made, renamed or removed, whether or not that worked. */
  readonly written: string[];
}

/** A program that runs under strace. */
export class Traced {
  readonly process: ChildProcess;
  readonly finished: Promise<{
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
  readonly #cwd: string;
  readonly #log: string;

  /** @param cwd where the program runs; the log of its system calls is written beside it */
  constructor(args: readonly string[], user: NewUser, cwd: string) {
    this.#cwd = cwd;
    this.#log = `${cwd}.strace`;
    mkdirSync(cwd, { recursive: true });
    const calls =
      'connect,sendto,sendmsg,sendmmsg,open,openat,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat';
    const more = 'renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,truncate';
    // -D leaves the program the child of this process, so that signals reach it.
    const strace = ['-D', '-f', '--seccomp-bpf', '-y', '-s', '4096', '-e', `trace=${calls},${more}`];
    this.process = spawn('strace', [...strace, '-o', this.#log, process.execPath, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: user.environment(),
    });
    const read = { stdout: '', stderr: '' };
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (read.stdout += text));
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (read.stderr += text));
    // strace holds the pipes as well, so that its log is whole when they close.
    this.finished = once(this.process, 'close').then(([code]) => ({ code: code as number | null, ...read }));
  }

  /** What was done by a program that has finished. */
  deeds(): Deeds {
    return readDeeds(readFileSync(this.#log, 'utf8'), this.#cwd);
  }
}

/** Reads a log of `strace -f -y`. Calls are told when they begin, so that one that fails counts as well. */
export function readDeeds(log: string, cwd: string): Deeds {
  const deeds = { contacted: new Set<string>(), prepared: new Set<string>(), written: new Set<string>() };
  for (const line of log.split('\n')) {
    const [, name, rest] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) continue;
    if (/^(connect|send)/.test(name)) {
      const address = foreignAddress(rest);
      if (address !== null) deeds.contacted.add(address);
    } else if (!/^(open|openat)$/.test(name) || /\bO_(WRONLY|RDWR|CREAT|TRUNC)\b/.test(rest)) {
      for (const path of pathsOf(rest, cwd)) deeds.written.add(path);
    } else if (/"\/etc\/(hosts|ssl\/certs\/[^"]*)"/.test(rest)) {
      for (const path of pathsOf(rest, cwd)) deeds.prepared.add(path);
    }
  }
  return {
    contacted: [...deeds.contacted],
    prepared: [...deeds.prepared],
    written: [...deeds.written],
  };
}

/** The address in a call's arguments when it is not this machine's, or is that of somebody who looks up names. */
function foreignAddress(args: string): string | null {
  const socket = /sun_path="([^"]*)"/.exec(args)?.[1];
  if (socket !== undefined) return /nscd|resolve|dbus/.test(socket) ? socket : null;
  const host = /inet_addr\("([^"]*)"\)|inet_pton\(AF_INET6, "([^"]*)"/.exec(args);
  const address = host?.[1] ?? host?.[2];
  if (address === undefined) return null;
  const port = /sin6?_port=htons\((\d+)\)/.exec(args)?.[1] ?? '?';
  const isLoopback = address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.');
  return isLoopback && port !== '53' ? null : `${address} port ${port}`;
}

/** Paths in a call's arguments, those relative to a folder's descriptor (`7</tmp>, "a"`) as well. */
function pathsOf(args: string, cwd: string): string[] {
  return [...args.matchAll(/(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"/g)].map(([, folder, path]) =>
    resolve(folder ?? cwd, path ?? ''),
  );
}
