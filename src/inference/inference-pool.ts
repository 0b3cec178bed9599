import type { DropReason } from '../core/face-embedder.js';
import { InferenceThread, type InferenceThreadOptions } from './inference-thread.js';
import { TaskQueue } from './task-queue.js';

export interface InferencePoolOptions<Task> extends Omit<InferenceThreadOptions, 'onLost'> {
  readonly threads: number;
  /** Tasks that a thread takes at a time, at most. */
  readonly batchLimit: number;
  /** Live tasks, those with a deadline, that may wait for a thread. */
  readonly queueLimit: number;
  /** The buffers of a task that move to the thread instead of being copied; the pool's caller loses them. */
  readonly transfer?: (task: Task) => ArrayBuffer[];
  /** Told of each thread that died or hung; what it had in hand has failed. */
  readonly onThreadLost?: (error: Error) => void;
}

export type Outcome<Reply> =
  | { readonly status: 'answered'; readonly reply: Reply; readonly queueMs: number }
  | { readonly status: 'dropped'; readonly reason: DropReason }
  /** The thread that had the task in hand was lost; `error` says why. */
  | { readonly status: 'failed'; readonly error: unknown };

/** Figures since the pool was made, except `waiting` and `running`, which are of now. */
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
  readonly submittedAt: number;
  readonly settle: (outcome: Outcome<Reply>) => void;
}

/**
 * Has tasks done in worker threads, which it owns; `close()` ends them and settles everything that is pending. A thread
 * takes the tasks that wait together, as one batch; the order is that of `TaskQueue`. A thread that dies or hangs is
 * replaced and costs the batch that it had in hand, nothing else.
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
   * Has one task done.
   *
   * @param maxWaitMs give up when no thread took the task by then; Infinity for a request that somebody waits for: it is
   * never dropped for a live task and does not count towards `queueLimit`
   * @returns never rejects
   */
  run(task: Task, maxWaitMs = Infinity): Promise<Outcome<Reply>> {
    return new Promise((resolve) => {
      const submittedAt = performance.now();
      const job = { task, deadline: submittedAt + maxWaitMs, submittedAt, settle: resolve };
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

  /** Ends the threads. Tasks that wait or are in hand settle as dropped. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const job of [...this.#queue.takeAll(), ...this.#running]) this.#drop(job, 'closed');
    this.#running.clear();
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** Hands out tasks while threads are free. */
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
