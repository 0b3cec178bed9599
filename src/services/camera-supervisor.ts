import { isDeepStrictEqual } from 'node:util';
import { completeCamera } from '../config/camera.js';
import type { CameraConfig, CameraDefaults, CameraStatement } from '../config/schema.js';
import { notReady } from '../core/errors.js';
import type { Logger } from '../observability/logger.js';
import type { CameraView } from '../pipeline/camera.js';
import { CameraHandle } from '../pipeline/camera-handle.js';

/** One run of a camera, from its start to its end or to the next start. */
export interface CameraSession {
  readonly pipeline: CameraView & { start(): void };
  /** Ends the tracks in view and gives back what the session has borrowed. May be called again. */
  close(): Promise<void>;
}

/** A session whose detector is ready. One of the two methods is to be called, once. */
export interface PreparedSession {
  /**
   * @param framesBefore frames of the camera's earlier sessions
   * @returns a session that is not started yet
   * @throws SightlineError SOURCE_INVALID, with everything given back
   */
  open(framesBefore: number): Promise<CameraSession>;
  discard(): Promise<void>;
}

/** Makes sessions of cameras. */
export interface SessionOpener {
  /**
   * Does what may fail or take long, while an earlier session goes on.
   * @param isAlone whether this is the only camera
   * @throws SightlineError MODEL_…
   */
  prepare(camera: CameraConfig, isAlone: boolean): Promise<PreparedSession>;
  /** To be called when a camera is no longer alone: its session goes on, but searches in a thread if it may. Never rejects. */
  clearMainLoop(): Promise<void>;
}

/** A camera that runs here. */
export interface RunningCamera {
  readonly stated: CameraStatement;
  readonly settings: CameraConfig;
  readonly handle: CameraHandle;
  readonly session: CameraSession;
}

export interface CameraSupervisorOptions {
  readonly sessions: SessionOpener;
  /** What cameras leave to the configuration. */
  readonly defaults: CameraDefaults;
  readonly log: Logger;
}

/** Makes the cameras that run here the same as those that should. */
export class CameraSupervisor {
  readonly #options: CameraSupervisorOptions;
  readonly #running = new Map<string, RunningCamera>();
  #state: 'starting' | 'open' | 'closed' = 'starting';

  constructor(options: CameraSupervisorOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  list(): readonly RunningCamera[] {
    return [...this.#running.values()];
  }

  get(id: string): RunningCamera | undefined {
    return this.#running.get(id);
  }

  /**
   * Starts the cameras that should run and do not yet, replaces those that changed, and ends the others. The first call
   * starts all cameras together, when all of them are set up.
   * @throws SightlineError MODEL_…, SOURCE_INVALID
   */
  async reconcile(wanted: readonly CameraStatement[]): Promise<void> {
    const ids = new Set(wanted.map(({ id }) => id));
    for (const id of this.#running.keys()) if (!ids.has(id)) await this.remove(id);
    for (const stated of wanted) {
      if (this.#state === 'closed') return this.close();
      const isRunning = isDeepStrictEqual(this.#running.get(stated.id)?.stated, stated);
      if (!isRunning) await this.#run(stated, ids.size === 1);
    }
    if (this.#state !== 'starting') return;
    this.#state = 'open';
    for (const { session } of this.#running.values()) session.pipeline.start();
  }

  /**
   * Runs a camera in a new session. Until that is prepared and `keep` has resolved, the session before goes on as if
   * nothing had been asked.
   * @param keep stores that the camera should run so
   * @throws SightlineError MODEL_…, SOURCE_INVALID, NOT_READY, and what `keep` throws
   */
  async run(stated: CameraStatement, keep?: () => Promise<void>): Promise<RunningCamera> {
    const isAlone = [...this.#running.keys()].every((id) => id === stated.id);
    return this.#run(stated, isAlone, keep);
  }

  async #run(stated: CameraStatement, isAlone: boolean, keep?: () => Promise<void>): Promise<RunningCamera> {
    const { id } = stated;
    const before = this.#running.get(id);
    const settings = completeCamera(stated, this.#options.defaults);
    const prepared = await this.#options.sessions.prepare(settings, isAlone);
    try {
      this.#requireNotClosed();
      await keep?.();
      await before?.session.close();
      this.#requireNotClosed();
    } catch (error) {
      await prepared.discard();
      throw error;
    }
    const session = await prepared.open(before?.handle.status().frames ?? 0);
    const handle = before?.handle ?? this.#handleOf(id, session);
    const running = { stated, settings, handle, session };
    this.#running.set(id, running);
    if (before !== undefined) handle.use(session.pipeline);
    if (this.isOpen) session.pipeline.start();
    if (this.#running.size > 1) await this.#options.sessions.clearMainLoop();
    return running;
  }

  /** Ends a camera for good: its viewers are told. */
  async remove(id: string): Promise<void> {
    const running = this.#running.get(id);
    running?.handle.remove();
    await running?.session.close();
    this.#running.delete(id);
  }

  /** Ends every camera. May be called again, and while starting. */
  async close(): Promise<void> {
    this.#state = 'closed';
    await Promise.all(this.list().map(({ session }) => session.close()));
  }

  #handleOf(id: string, session: CameraSession): CameraHandle {
    return new CameraHandle(session.pipeline, (err) =>
      this.#options.log.error({ camera: id, err }, 'A viewer of a removed camera failed'),
    );
  }

  #requireNotClosed(): void {
    if (this.#state === 'closed') throw notReady('The program is stopping.');
  }
}
