import type { DropReason } from '../core/face-embedder.js';
import { InferenceThread, type InferenceThreadOptions } from './inference-thread.js';
import { TaskQueue } from './task-queue.js';

export interface InferencePoolOptions<Task> extends Omit<InferenceThreadOptions, 'onLost'> {
  readonly threads: number;
  /** Most tasks that a thread takes at a time. */
  readonly batchLimit: number;
  /** Most live tasks (those with a deadline) that may wait for a thread. */
  readonly queueLimit: number;
  /** The buffers of a task that are transferred instead of copied. The caller cannot use them afterwards. */
  readonly transfer?: (task: Task) => ArrayBuffer[];
  /** Called for each thread that died or hung. Its current batch has failed. */
  readonly onThreadLost?: (error: Error) => void;
}

export type Outcome<Reply> =
  | { readonly status: 'answered'; readonly reply: Reply; readonly queueMs: number }
  | { readonly status: 'dropped'; readonly reason: DropReason }
  /** The thread was lost while it ran the task; `error` says why. */
  | { readonly status: 'failed'; readonly error: unknown };

/** Counts since the pool was created, except `waiting` and `running`, which are current. */
export interface InferencePoolStats {
  readonly waiting: number;
  readonly running: number;
  readonly answered: number;
  readonly failed: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  readonly threadsLost: number;
}

interface Job<Task, Reply> {
  readonly task: Task;
  readonly deadline: number;
  readonly urgent: boolean;
  readonly submittedAt: number;
  readonly settle: (outcome: Outcome<Reply>) => void;
}

/**
 * Runs tasks in worker threads, which it owns; `close()` ends them and settles everything pending. A thread takes waiting
 * tasks as one batch, in the order of `TaskQueue`. A thread that dies or hangs is replaced, and only its current batch
 * fails.
 */
export class InferencePool<Task, Reply> {
  readonly #options: InferencePoolOptions<Task>;
  readonly #threads: readonly InferenceThread<Task, Reply>[];
  readonly #idle: InferenceThread<Task, Reply>[];
  readonly #queue: TaskQueue<Job<Task, Reply>>;
  readonly #running = new Set<Job<Task, Reply>>();
  readonly #dropped: Record<DropReason, number> = { 'queue-full': 0, deadline: 0, closed: 0 };
  #answered = 0;
  #failed = 0;
  #threadsLost = 0;
  #closing: Promise<void> | undefined;

  /** Starts the threads. */
  constructor(options: InferencePoolOptions<Task>) {
    this.#options = options;
    this.#queue = new TaskQueue(options.queueLimit);
    const onLost = (error: Error): void => {
      this.#threadsLost++;
      options.onThreadLost?.(error);
    };
    const { entry, workerData, timeoutMs } = options;
    this.#threads = Array.from(
      { length: options.threads },
      () => new InferenceThread<Task, Reply>({ entry, workerData, timeoutMs, onLost }),
    );
    this.#idle = [...this.#threads];
  }

  /**
   * Runs one task.
   *
   * @param maxWaitMs drops the task if no thread took it by then; Infinity for a request, which is never dropped for a
   * live task and does not count towards `queueLimit`
   * @param urgent whether it goes before all other live tasks
   * @returns never rejects
   */
  run(task: Task, maxWaitMs = Infinity, urgent = false): Promise<Outcome<Reply>> {
    return new Promise((resolve) => {
      const submittedAt = performance.now();
      const job = { task, deadline: submittedAt + maxWaitMs, urgent, submittedAt, settle: resolve };
      if (this.#closing) return this.#drop(job, 'closed');
      this.#dropExpired();
      const displaced = this.#queue.add(job);
      if (displaced) this.#drop(displaced, 'queue-full');
      this.#dispatch();
    });
  }

  stats(): InferencePoolStats {
    return {
      waiting: this.#queue.size,
      running: this.#running.size,
      answered: this.#answered,
      failed: this.#failed,
      dropped: { ...this.#dropped },
      threadsLost: this.#threadsLost,
    };
  }

  /** Ends the threads. Waiting and running tasks settle as dropped. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const job of [...this.#queue.takeAll(), ...this.#running]) this.#drop(job, 'closed');
    this.#running.clear();
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** Gives waiting tasks to idle threads. */
  #dispatch(): void {
    this.#dropExpired();
    for (let thread = this.#idle.pop(); thread; thread = this.#idle.pop()) {
      const batch = this.#queue.takeNext(this.#options.batchLimit);
      if (batch.length === 0) {
        this.#idle.push(thread);
        return;
      }
      void this.#run(batch, thread);
    }
  }

  async #run(batch: readonly Job<Task, Reply>[], thread: InferenceThread<Task, Reply>): Promise<void> {
    const begun = performance.now();
    for (const job of batch) this.#running.add(job);
    const [result] = await Promise.allSettled([this.#ask(batch, thread)]);
    this.#idle.push(thread);
    for (const [index, job] of batch.entries()) {
      // After close() the task has been settled already.
      if (!this.#running.delete(job)) continue;
      if (result.status === 'fulfilled') this.#answer(job, result.value[index] as Reply, begun);
      else this.#fail(job, result.reason);
    }
    if (!this.#closing) this.#dispatch();
  }

  async #ask(batch: readonly Job<Task, Reply>[], thread: InferenceThread<Task, Reply>): Promise<Reply[]> {
    const { transfer } = this.#options;
    const tasks = batch.map(({ task }) => task);
    return thread.run(tasks, transfer && tasks.flatMap(transfer));
  }

  #answer(job: Job<Task, Reply>, reply: Reply, begun: number): void {
    this.#answered++;
    job.settle({ status: 'answered', reply, queueMs: begun - job.submittedAt });
  }

  #fail(job: Job<Task, Reply>, error: unknown): void {
    this.#failed++;
    job.settle({ status: 'failed', error });
  }

  #dropExpired(): void {
    for (const late of this.#queue.takeExpired(performance.now())) this.#drop(late, 'deadline');
  }

  #drop(job: Job<Task, Reply>, reason: DropReason): void {
    this.#dropped[reason]++;
    job.settle({ status: 'dropped', reason });
  }
}
