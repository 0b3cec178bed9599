import { join } from 'node:path';
import { LabelCache } from '../annotate/label-cache.js';
import { JournalArchive } from './event-archive.js';
import { accessOf } from './access-token.js';
import { openStore } from './open-store.js';
import { packageInfo } from './package-info.js';
import { GalleryPeople } from './people.js';
import { Recognition } from './recognition.js';
import { PictureReader } from './picture-reader.js';
import { UploadedPictures } from './pictures.js';
import { Retention } from './retention.js';
import { UnnamedPeople } from './strangers.js';
import { workerFile } from './worker-file.js';
import { packageRoot } from '../config/package-root.js';
import type { CameraConfig, Config } from '../config/schema.js';
import { SightlineError } from '../core/errors.js';
import type { AccessToken } from '../core/roles.js';
import { createDetector, networksOf, type DetectorChoice } from '../detection/create-detector.js';
import type { FaceDetector } from '../detection/face-detector.js';
import { photoDetector } from '../detection/photo-detector.js';
import { WorkerDetector } from '../detection/worker/worker-detector.js';
import { EventBus } from '../events/event-bus.js';
import { EventJournal } from '../events/event-journal.js';
import { redact, redactUrl } from '../ingest/redact.js';
import { VideoSource } from '../ingest/video-source.js';
import { ModelStore, defaultCacheDir, type ModelProgress } from '../models/model-store.js';
import { createLogger, type Logger } from '../observability/logger.js';
import { Metrics } from '../observability/metrics.js';
import { CameraPipeline, historyFrames, type SourceHandlers } from '../pipeline/camera-pipeline.js';
import { DetectionScheduler } from '../pipeline/detection-scheduler.js';
import type { EmbedTimes } from '../recognition/embedding-pool.js';
import { Recognizer, type RecognitionModel, type RecognizerOptions } from '../recognition/recognizer.js';
import type { Services } from '../server/services.js';
import { createServer, type SightlineServer } from '../server/server.js';
import { HeadStore } from '../storage/head-store.js';
import type { SqliteGalleryStore } from '../storage/sqlite-gallery-store.js';

/** Part of the main loop's time that detections may take; see docs/adr/0004. */
const detectionShare = 0.6;
/** Far more than any detector needs for a picture, its loading included. */
const detectorTimeoutMs = 30_000;
/** Frames of one camera in memory: being read, searched, waiting and being encoded, and one in reserve. */
const framesPerCamera = 5;

export interface AppHooks {
  readonly onModelProgress: (progress: ModelProgress) => void;
}

/**
 * The running program, put together from its rooms. What was opened first is closed last, and a start that fails
 * half-way closes what it had opened.
 */
export class App {
  readonly log: Logger;
  readonly bus: EventBus;
  readonly models: ModelStore;
  readonly #config: Config;
  readonly #cameras = new Map<string, CameraPipeline>();
  readonly #detectors = new Map<string, Promise<FaceDetector>>();
  readonly #schedulers = {
    main: new DetectionScheduler({ share: detectionShare }),
    worker: new DetectionScheduler({ share: 1 }),
  };
  readonly #labels: LabelCache;
  readonly #metrics: Metrics;
  readonly #closers: (() => Promise<void> | void)[] = [];
  readonly #missing = new Set(['models', 'cameras']);
  #recognition: Recognition | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: Config, hooks: AppHooks) {
    this.#config = config;
    this.log = createLogger({ level: config.log.level, redact });
    this.bus = new EventBus({
      onListenerError: (err) => this.log.error({ err }, 'An event listener failed'),
    });
    this.models = new ModelStore({ cacheDir: modelsDir(config), onProgress: hooks.onModelProgress });
    this.#metrics = new Metrics(
      () => [...this.#cameras.values()].map((camera) => camera.status()),
      () => this.#recognition?.model.pool.stats().waiting ?? 0,
    );
    this.#labels = new LabelCache({
      fontsDir: join(modelsDir(config), 'fonts'),
      onError: (err) => this.log.warn({ err }, 'A name could not be drawn'),
    });
  }

  /**
   * Starts everything and says where the page is, with the token in the link when one is needed.
   * @throws SightlineError, with everything closed again
   */
  async start(): Promise<{ readonly url: string }> {
    try {
      return await this.#start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Stops everything; nothing is left running. May be called again, and while starting. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start(): Promise<{ url: string }> {
    const { tokens, ownToken } = await accessOf(this.#config);
    const { store, journal } = await this.#openStore();
    // The port now: a program that runs twice should say so before it fetches models.
    const { url } = await (await this.#createServer(tokens, store, journal)).listen();
    await this.models.ensure(networksOf(photoDetector));
    await this.#openRecognition(store, journal);
    for (const camera of this.#config.cameras) await this.#addCamera(camera);
    this.#missing.delete('models');
    this.#missing.delete('cameras');
    if (this.#closing === undefined) for (const camera of this.#cameras.values()) camera.start();
    return { url: ownToken === null ? url : `${url}/?token=${encodeURIComponent(ownToken)}` };
  }

  async #createServer(
    tokens: readonly AccessToken[],
    store: SqliteGalleryStore,
    journal: EventJournal,
  ): Promise<SightlineServer> {
    const { host, port, corsOrigins, rateLimit } = this.#config.server;
    const server = await createServer({
      host,
      port,
      tokens,
      corsOrigins,
      rateLimit,
      services: {
        cameras: { list: () => [...this.#cameras.values()], get: (id: string) => this.#cameras.get(id) },
        ...this.#galleryServices(store, journal),
        // TODO issue 5: the rest, each from its own file of app/
      } as unknown as Services,
      bus: this.bus,
      metrics: this.#metrics,
      ready: () => ({
        ready: this.#missing.size === 0,
        reasons: [...this.#missing].map((what) => `${what} are being prepared`),
      }),
      webDir: join(packageRoot(), 'web'),
      clientDir: join(packageRoot(), 'dist', 'src', 'client'),
      version: packageInfo().version,
      log: this.log,
      uploads: this.#config.uploads,
    });
    this.#onClose(() => server.close());
    return server;
  }

  #galleryServices(
    store: SqliteGalleryStore,
    journal: EventJournal,
  ): Pick<Services, 'pictures' | 'people' | 'strangers' | 'events'> {
    const { uploads: limits, data: dataDir } = this.#config;
    const reader = new PictureReader({ limits, models: this.models, modelsDir: modelsDir(this.#config) });
    this.#onClose(() => reader.close());
    const recognition = (): Recognition => {
      if (this.#recognition) return this.#recognition;
      throw new SightlineError('NOT_READY', 'Expected recognition to be ready but it is being prepared.');
    };
    const model = (): RecognitionModel => recognition().model;
    const heads = new HeadStore(dataDir);
    return {
      pictures: new UploadedPictures({ reader, model, store: store.embeddings, dataDir }),
      people: new GalleryPeople({ store, heads, journal, recognition, pictures: reader }),
      strangers: new UnnamedPeople({ store, recognition }),
      events: new JournalArchive({ store, journal, recognition }),
    };
  }

  /** Opens the gallery's file; from now on every event is kept in it. */
  async #openStore(): Promise<{ store: SqliteGalleryStore; journal: EventJournal }> {
    const store = await openStore(this.#config.data);
    this.#onClose(() => store.close());
    const journal = await EventJournal.open({
      bus: this.bus,
      store: store.events,
      gallery: store,
      onError: (err) => this.log.error({ err }, 'An event could not be kept'),
    });
    this.#onClose(() => journal.close());
    const retention = new Retention(this.#config.retention, store.tracks, (err) =>
      this.log.error({ err }, 'What is too old could not be deleted'),
    );
    this.#onClose(() => retention.close());
    return { store, journal };
  }

  async #openRecognition(store: SqliteGalleryStore, journal: EventJournal): Promise<void> {
    const onEmbedded = ({ alignMs, embedMs }: EmbedTimes): void =>
      this.#metrics.observeEmbedding(alignMs + embedMs);
    const recognition = await Recognition.open({
      config: this.#config,
      models: this.models,
      store,
      log: this.log,
      onEmbedded,
      onGalleryChange: () => void journal.followPeople(),
    });
    this.#recognition = recognition;
    this.#onClose(() => recognition.close());
  }

  async #addCamera(camera: CameraConfig): Promise<void> {
    const { id, name, url, detectUrl, detector } = camera;
    const recognition = camera.recognition ? this.#recognition : undefined;
    const log = this.log.child({ camera: id });
    const poolSize = framesPerCamera + (detectUrl === null ? 0 : historyFrames);
    const createSource = (handlers: SourceHandlers): VideoSource =>
      new VideoSource({ ...camera, cameraId: id, source: url, poolSize, log, ...handlers });
    const createSearchSource = (source: string) => (handlers: SourceHandlers) =>
      new VideoSource({
        ...camera,
        cameraId: id,
        source,
        width: null,
        poolSize: framesPerCamera,
        log,
        ...handlers,
      });
    const pipeline = new CameraPipeline({
      id,
      name,
      sourceLabel: redactUrl(url),
      createSource,
      createSearchSource: detectUrl === null ? undefined : createSearchSource(detectUrl),
      detector: await this.#detector(detector),
      turns: this.#schedulers[detector.thread].join(detector.rate),
      region: detector.region?.map(([x, y]) => ({ x, y })),
      createRecognizer: recognition && ((onTransition) => this.#recognizer(recognition, onTransition, log)),
      people: recognition?.people,
      labels: this.#labels,
      jpegQuality: this.#config.video.jpegQuality,
      bus: this.bus,
      metrics: this.#metrics,
      log,
    });
    this.#cameras.set(id, pipeline);
    this.#onClose(() => pipeline.close());
  }

  #recognizer(
    recognition: Recognition,
    onTransition: RecognizerOptions['onTransition'],
    log: Logger,
  ): Recognizer {
    const onError = (err: unknown): void => log.error({ err }, 'A face could not be compared');
    const recognizer = new Recognizer({ ...recognition.model, onTransition, onError });
    this.#onClose(recognition.onSwitch((model) => recognizer.use(model)));
    return recognizer;
  }

  /** Cameras with the same settings share a detector: what it keeps from frame to frame, it keeps by camera. */
  #detector(settings: CameraConfig['detector']): Promise<FaceDetector> {
    const { kind, range, threshold, minFaceSize, thread } = settings;
    const choice = { kind, range, threshold, minFaceSize };
    const key = JSON.stringify({ ...choice, thread });
    const known = this.#detectors.get(key);
    if (known !== undefined) return known;
    const created = thread === 'main' ? this.#detectorHere(choice) : this.#detectorInThread(choice);
    this.#detectors.set(key, created);
    this.#onClose(async () => (await created.catch(() => undefined))?.close());
    return created;
  }

  #detectorHere(choice: DetectorChoice): Promise<FaceDetector> {
    return createDetector(choice, this.models, (line) => this.log.debug({ mediapipe: line }, 'MediaPipe'));
  }

  async #detectorInThread(choice: DetectorChoice): Promise<FaceDetector> {
    await this.models.ensure(networksOf(choice));
    return new WorkerDetector({
      workerFile: workerFile('detect'),
      choice,
      modelsDir: modelsDir(this.#config),
      background: false,
      timeoutMs: detectorTimeoutMs,
    });
  }

  /** Has something closed with the app, or at once: a start goes on for a while after the app was closed. */
  #onClose(close: () => Promise<void> | void): void {
    if (this.#closing === undefined) this.#closers.push(close);
    else
      void Promise.resolve(close()).catch((err: unknown) => this.log.error({ err }, 'Could not be closed'));
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#cameras.values()].map((camera) => camera.close()));
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

function modelsDir(config: Config): string {
  return config.models.dir ?? defaultCacheDir();
}
