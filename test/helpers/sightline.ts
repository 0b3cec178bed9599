import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/package-root.js';

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

/** Runs the built command line to its end. */
export async function sightline(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  return new RunningSightline(args, environment).finished;
}

/** The built command line, running. */
export class RunningSightline {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout = '';
  stderr = '';
  readonly #serving: Promise<string>;

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.process = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
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
