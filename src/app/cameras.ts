import {
  changedCamera,
  completeCamera,
  type CameraChange,
  type CameraSettings,
  type NewCamera,
} from '../config/camera.js';
import { inheritedEnvironment } from '../config/environment.js';
import type { CameraConfig, CameraStatement } from '../config/schema.js';
import { SightlineError } from '../core/errors.js';
import type { CameraStore } from '../core/storage.js';
import { cameraOffline } from '../events/build-event.js';
import { SourcePolicy } from '../ingest/guarded/source-policy.js';
import { redactUrl } from '../ingest/redact.js';
import type { Camera } from '../pipeline/camera.js';
import { CameraHandle } from '../pipeline/camera-handle.js';
import { requireCamera } from '../server/require-camera.js';
import type { CameraControl } from '../server/services.js';
import { CameraRegistry } from './camera-registry.js';
import { CameraRuns, type CameraRun, type CameraRunsOptions } from './camera-run.js';
import { SharedDetectors } from './shared-detectors.js';
import { Turns } from './turns.js';

export type CamerasOptions = Omit<CameraRunsOptions, 'recognition'> &
  ConstructorParameters<typeof SharedDetectors>[0] & { readonly store: CameraStore };

/** A camera that is set up. */
interface SetUp {
  readonly stated: CameraStatement;
  readonly settings: CameraConfig;
  readonly camera: CameraHandle;
  readonly run: CameraRun;
}

/** The cameras there are, and changing them while the program runs. */
export class Cameras implements CameraControl {
  readonly #options: CamerasOptions;
  readonly #detectors: SharedDetectors;
  readonly #policy: SourcePolicy;
  readonly #cameras = new Map<string, SetUp>();
  /** What is done to one camera is done in the order in which it was asked for. */
  readonly #turns = new Turns();
  readonly #registry: CameraRegistry;
  #runs: CameraRuns | undefined;
  #state: 'starting' | 'open' | 'closed' = 'starting';

  private constructor(options: CamerasOptions, registry: CameraRegistry) {
    this.#options = options;
    this.#registry = registry;
    this.#detectors = new SharedDetectors(options);
    this.#policy = new SourcePolicy(options.config.api.cameraSources);
  }

  /** Reads which cameras there are. @throws SightlineError SETTINGS_CORRUPT, DATA_UNWRITABLE */
  static async read(options: CamerasOptions): Promise<Cameras> {
    const { config, store, log } = options;
    return new Cameras(options, await CameraRegistry.open(store, config.statedCameras, log));
  }

  /** Sets up every camera, and starts them when all are. @throws SightlineError MODEL_…, SOURCE_INVALID */
  async start(recognition: CameraRunsOptions['recognition']): Promise<void> {
    this.#runs = new CameraRuns({ ...this.#options, recognition });
    for (const stated of this.#registry.list()) if (!this.#isClosed) await this.#setUp(stated, undefined);
    if (this.#isClosed) return this.close();
    this.#state = 'open';
    for (const { run } of this.#cameras.values()) run.pipeline.start();
    if (this.#cameras.size === 0)
      this.#options.log.warn(
        'There is no camera yet. Add one with POST /v1/cameras, or name one in the configuration or on the command line.',
      );
  }

  /** Ends every camera. What is being done to one ends with NOT_READY. May be called again, and while starting. */
  async close(): Promise<void> {
    this.#state = 'closed';
    await Promise.all([...this.#cameras.values()].map(({ run }) => run.close()));
  }

  list(): readonly Camera[] {
    return [...this.#cameras.values()].map(({ camera }) => camera);
  }

  get(id: string): Camera | undefined {
    return this.#cameras.get(id)?.camera;
  }

  settings(id: string): CameraSettings {
    const { settings } = this.#require(id);
    const detectUrl = settings.detectUrl === null ? null : redactUrl(settings.detectUrl);
    return { ...settings, url: redactUrl(settings.url), detectUrl };
  }

  add(camera: NewCamera): Promise<Camera> {
    const id = camera.id ?? this.#freeId();
    return this.#inTurn(id, async () => {
      if (this.#cameras.has(id))
        throw new SightlineError('CAMERA_DUPLICATE', `Expected an id of its own but ${id} is taken.`);
      const stated = { ...camera, id };
      await this.#checkSources(stated, undefined);
      return this.#setUp(stated, undefined, () => this.#registry.keep(id, stated));
    });
  }

  change(id: string, change: CameraChange): Promise<Camera> {
    return this.#inTurn(id, async () => {
      const before = this.#require(id);
      const stated = withSecrets(changedCamera(before.stated, change), before.stated);
      await this.#checkSources(stated, before.stated);
      return this.#setUp(stated, before, () => this.#registry.keep(id, stated));
    });
  }

  remove(id: string): Promise<void> {
    return this.#inTurn(id, async () => {
      const { camera, run, settings } = this.#require(id);
      await this.#registry.keep(id, null);
      const wasOnline = camera.status().state === 'online';
      this.#cameras.delete(id);
      camera.remove();
      await run.close();
      this.#options.metrics.forgetCamera(id);
      const reason = { code: 'CAMERA_REMOVED', message: 'The camera was removed.' };
      if (wasOnline) this.#options.publisher.publish(cameraOffline({ id, name: settings.name }, reason));
    });
  }

  restart(id: string): Promise<Camera> {
    return this.#inTurn(id, () => {
      const before = this.#require(id);
      return this.#setUp(before.stated, before);
    });
  }

  /**
   * Puts a camera, or another run of it, in place. Until the detector is there and `keep` has kept it, the run before
   * goes on as if nothing had been asked.
   */
  async #setUp(
    stated: CameraStatement,
    before: SetUp | undefined,
    keep?: () => Promise<void>,
  ): Promise<Camera> {
    const { id } = stated;
    const settings = completeCamera(stated, this.#options.config.detector);
    const lease = await this.#detectors.borrow(settings.detector);
    let run: CameraRun;
    try {
      if (this.#isClosed) throw notReady();
      await keep?.();
      await before?.run.close();
      if (this.#isClosed) throw notReady();
      run = this.#openRun(settings, { lease, framesBefore: before?.camera.status().frames ?? 0 });
    } catch (error) {
      await lease.giveBack();
      throw error;
    }
    const camera = before?.camera ?? this.#handleOf(id, run);
    this.#cameras.set(id, { stated, settings, camera, run });
    if (before !== undefined) camera.use(run.pipeline);
    if (this.#state === 'open') run.pipeline.start();
    return camera;
  }

  #handleOf(id: string, run: CameraRun): CameraHandle {
    return new CameraHandle(run.pipeline, (err) =>
      this.#options.log.error({ camera: id, err }, 'A viewer of a removed camera failed'),
    );
  }

  #openRun(settings: CameraConfig, setup: Pick<Parameters<CameraRuns['open']>[1], 'lease' | 'framesBefore'>) {
    if (this.#runs === undefined) throw notReady();
    const guard = { policy: this.#policy, environment: inheritedEnvironment() };
    const guardOf = (source: string) =>
      this.#registry.isConfigured(settings.id, source) ? undefined : guard;
    return this.#runs.open(settings, { ...setup, guardOf });
  }

  /** @throws SightlineError SOURCE_INVALID, SOURCE_FORBIDDEN */
  async #checkSources(camera: CameraStatement, before: CameraStatement | undefined): Promise<void> {
    for (const source of [camera.url, camera.detectUrl]) {
      if (source === null || source === before?.url || source === before?.detectUrl) continue;
      if (!this.#registry.isConfigured(camera.id, source)) await this.#policy.check(source);
    }
  }

  async #inTurn<T>(id: string, act: () => Promise<T>): Promise<T> {
    this.#requireOpen();
    return this.#turns.take(id, () => {
      this.#requireOpen();
      return act();
    });
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #requireOpen(): void {
    if (this.#state !== 'open') throw notReady();
  }

  /** @throws SightlineError CAMERA_UNKNOWN */
  #require(id: string): SetUp {
    requireCamera(this, id);
    return this.#cameras.get(id) as SetUp;
  }

  /** `cam1`, `cam2`, …: the first that nobody has, or is about to have. */
  #freeId(): string {
    for (let number = 1; ; number++) {
      const id = `cam${number}`;
      if (!this.#cameras.has(id) && !this.#turns.has(id)) return id;
    }
  }
}

/** URLs as `settings` showed them are not new ones: they keep their user names and passwords. */
function withSecrets(camera: CameraStatement, before: CameraStatement): CameraStatement {
  const { detectUrl } = before;
  return {
    ...camera,
    url: camera.url === redactUrl(before.url) ? before.url : camera.url,
    detectUrl: detectUrl !== null && camera.detectUrl === redactUrl(detectUrl) ? detectUrl : camera.detectUrl,
  };
}

function notReady(): SightlineError {
  return new SightlineError('NOT_READY', 'Expected cameras that are ready, but the program starts or stops.');
}
