import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/package-root.js';
import { endWithTestFile } from './running-programs.js';

const program = join(packageRoot(), 'dist', 'src', 'main.js');

export interface Finished {
  /** Exit code; null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary data folder, gone with the test. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sightline-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The last call of `sightline`. */
let lastRun: Promise<unknown> = Promise.resolve();

/**
 * Runs a command to its end inside this process, which spares the start of a program. Calls run one after another,
 * because the standard streams, the environment and the exit code belong to the whole process. Commands that serve
 * until they are stopped need a `RunningSightline`.
 */
export function sightline(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const run = lastRun.then(() => runInProcess(args, environment));
  lastRun = run.catch(() => undefined);
  return run;
}

async function runInProcess(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Finished> {
  // Imported on demand: most tests that use this module start the built program only.
  const { runCli } = await import('../../src/commands/cli.js');
  const [stdout, stderr] = [captureWrites(process.stdout), captureWrites(process.stderr)];
  const [exitCodeBefore, environmentBefore] = [process.exitCode, { ...process.env }];
  process.exitCode = undefined;
  Object.assign(process.env, environment);
  try {
    const code = await runCli([process.execPath, program, ...args]);
    return { code, stdout: stdout.text, stderr: stderr.text };
  } finally {
    stdout.release();
    stderr.release();
    process.exitCode = exitCodeBefore;
    for (const name of Object.keys(environment)) restore(name, environmentBefore[name]);
  }
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** Keeps what is written to a stream, instead of passing it on, until it is released. */
function captureWrites(stream: NodeJS.WriteStream): { readonly text: string; release(): void } {
  const write = stream.write.bind(stream);
  let text = '';
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const written = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined;
    if (written) queueMicrotask(written);
    return true;
  };
  return {
    get text() {
      return text;
    },
    release: () => {
      stream.write = write;
    },
  };
}

/** Starts the built program and waits for its end. */
export async function startSightline(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  through: readonly string[] = [],
): Promise<Finished> {
  return new RunningSightline(args, environment, program, through).finished;
}

/** The built program, running. */
export class RunningSightline {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout = '';
  stderr = '';
  readonly #serving: Promise<string>;

  /**
   * @param entry main.js of another installation
   * @param through a command, with arguments, that becomes the program
   */
  constructor(
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
    entry = program,
    through: readonly string[] = [],
  ) {
    const [command, ...rest] = [...through, process.execPath, entry, ...args] as [string, ...string[]];
    this.process = spawn(command, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    endWithTestFile(this.process);
    const { promise, resolve, reject } = deferred<string>();
    this.#serving = promise;
    promise.catch(() => undefined);
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      const url = /Sightline is at (\S+)/.exec(this.stdout)?.[1];
      if (url !== undefined) resolve(url);
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.finished = once(this.process, 'close').then(([code]) => {
      reject(new Error(`Sightline ended before it served (code ${String(code)}): ${this.stderr}`));
      return { code: code as number | null, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Where the page is, once it serves. */
  serving(): Promise<string> {
    return this.#serving;
  }

  /** Resolves once the text stands in the log. */
  logged(text: string): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!this.stderr.includes(text)) return;
        this.process.stderr?.off('data', check);
        resolve();
      };
      this.process.stderr?.on('data', check);
      check();
    });
  }

  /** As Ctrl-C does; resolves when the process has ended. */
  async stop(): Promise<Finished> {
    this.process.kill('SIGINT');
    return this.finished;
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
