import { changedCamera, type CameraChange, type CameraSettings, type NewCamera } from '../config/camera.js';
import type { CameraStatement } from '../config/schema.js';
import { notReady, SightlineError } from '../core/errors.js';
import { quote } from '../core/excerpt.js';
import { KeyedMutex } from '../core/keyed-mutex.js';
import { cameraOffline } from '../events/build-event.js';
import type { EventPublisher } from '../events/event-publisher.js';
import type { SourcePolicy } from '../ingest/guarded/source-policy.js';
import { redactUrl } from '../ingest/redact.js';
import type { Logger } from '../observability/logger.js';
import type { Camera } from '../pipeline/camera.js';
import type { CameraRegistry } from './camera-registry.js';
import type { CameraSupervisor, RunningCamera } from './camera-supervisor.js';
import type { CameraService } from './services.js';

export interface SupervisedCamerasOptions {
  readonly registry: CameraRegistry;
  /** What sources that are not in the configuration may reach. */
  readonly policy: SourcePolicy;
  readonly publisher: Pick<EventPublisher, 'publish'>;
  /** Called with the id of a camera that was removed. */
  readonly onRemoved: (id: string) => void;
  readonly log: Pick<Logger, 'warn'>;
}

/** The cameras of this program, changed while they run: the registry says what should run, the supervisor runs it. */
export class SupervisedCameras implements CameraService {
  readonly #options: SupervisedCamerasOptions;
  /** What is done to one camera is done in the order in which it was asked for. */
  readonly #changes = new KeyedMutex();
  #supervisor: CameraSupervisor | undefined;
  #isClosed = false;

  constructor(options: SupervisedCamerasOptions) {
    this.#options = options;
  }

  /** Runs every camera that should run. @throws SightlineError MODEL_…, SOURCE_INVALID */
  async start(supervisor: CameraSupervisor): Promise<void> {
    if (this.#isClosed) return;
    this.#supervisor = supervisor;
    await supervisor.reconcile(this.#options.registry.list());
    if (supervisor.isOpen && supervisor.list().length === 0)
      this.#options.log.warn(
        'There is no camera yet. Add one with POST /v1/cameras, or name one in the configuration or on the command line.',
      );
  }

  /** Ends every camera. What is being done to one ends with NOT_READY. May be called again, and while starting. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#supervisor?.close();
  }

  list(): readonly Camera[] {
    return (this.#supervisor?.list() ?? []).map(({ handle }) => handle);
  }

  get(id: string): Camera | undefined {
    return this.#supervisor?.get(id)?.handle;
  }

  settings(id: string): CameraSettings {
    const { settings } = this.#require(id);
    const detectUrl = settings.detectUrl === null ? null : redactUrl(settings.detectUrl);
    return { ...settings, url: redactUrl(settings.url), detectUrl };
  }

  add(camera: NewCamera): Promise<Camera> {
    const id = camera.id ?? this.#freeId();
    return this.#change(id, async (supervisor) => {
      if (supervisor.get(id) !== undefined)
        throw new SightlineError('CAMERA_DUPLICATE', `There is a camera with the id ${quote(id)} already.`);
      const stated = { ...camera, id };
      await this.#checkSources(stated, undefined);
      return this.#keepAndRun(supervisor, stated);
    });
  }

  change(id: string, change: CameraChange): Promise<Camera> {
    return this.#change(id, async (supervisor) => {
      const before = this.#require(id).stated;
      const stated = withSecrets(changedCamera(before, change), before);
      await this.#checkSources(stated, before);
      return this.#keepAndRun(supervisor, stated);
    });
  }

  remove(id: string): Promise<void> {
    return this.#change(id, async (supervisor) => {
      const { handle, settings } = this.#require(id);
      await this.#options.registry.keep(id, null);
      const wasOnline = handle.status().state === 'online';
      await supervisor.remove(id);
      this.#options.onRemoved(id);
      const reason = { code: 'CAMERA_REMOVED', message: 'The camera was removed.' };
      if (wasOnline) this.#options.publisher.publish(cameraOffline({ id, name: settings.name }, reason));
    });
  }

  restart(id: string): Promise<Camera> {
    return this.#change(id, async (supervisor) => (await supervisor.run(this.#require(id).stated)).handle);
  }

  async #keepAndRun(supervisor: CameraSupervisor, stated: CameraStatement): Promise<Camera> {
    const { registry } = this.#options;
    const { handle } = await supervisor.run(stated, () => registry.keep(stated.id, stated));
    return handle;
  }

  /** @throws SightlineError SOURCE_INVALID, SOURCE_FORBIDDEN */
  async #checkSources(camera: CameraStatement, before: CameraStatement | undefined): Promise<void> {
    const { registry, policy } = this.#options;
    for (const source of [camera.url, camera.detectUrl]) {
      if (source === null || source === before?.url || source === before?.detectUrl) continue;
      if (!registry.isConfigured(camera.id, source)) await policy.check(source);
    }
  }

  async #change<T>(id: string, act: (supervisor: CameraSupervisor) => Promise<T>): Promise<T> {
    this.#requireOpen();
    return this.#changes.take(id, () => act(this.#requireOpen()));
  }

  /** @throws SightlineError NOT_READY */
  #requireOpen(): CameraSupervisor {
    if (this.#supervisor?.isOpen === true) return this.#supervisor;
    throw notReady('The cameras are being started or stopped.');
  }

  /** @throws SightlineError CAMERA_NOT_FOUND */
  #require(id: string): RunningCamera {
    const running = this.#supervisor?.get(id);
    if (running !== undefined) return running;
    throw unknownCamera(id);
  }

  /** `cam1`, `cam2`, …: the first that nobody has, or is about to have. */
  #freeId(): string {
    for (let number = 1; ; number++) {
      const id = `cam${number}`;
      if (this.get(id) === undefined && !this.#changes.has(id)) return id;
    }
  }
}

/** Gets a camera by its id. @throws SightlineError CAMERA_NOT_FOUND */
export function requireCamera(cameras: Pick<CameraService, 'get'>, id: string): Camera {
  const camera = cameras.get(id);
  if (camera !== undefined) return camera;
  throw unknownCamera(id);
}

function unknownCamera(id: string): SightlineError {
  return new SightlineError('CAMERA_NOT_FOUND', `There is no camera with the id ${quote(id)}.`);
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
