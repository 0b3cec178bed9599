import { join } from 'node:path';
import { LabelCache } from '../annotate/label-cache.js';
import { accessOf } from './access-token.js';
import { StoredEvents } from '../services/events.js';
import { logEvents } from './event-log.js';
import { GalleryWatch } from './gallery-watch.js';
import { openStore } from './open-store.js';
import { CameraSessions } from './camera-session.js';
import { packageInfo } from './package-info.js';
import { SharedDetectors } from './shared-detectors.js';
import { CameraRegistry } from '../services/camera-registry.js';
import { CameraSupervisor } from '../services/camera-supervisor.js';
import { SupervisedCameras } from '../services/cameras.js';
import { LocalCalibration } from '../services/calibration.js';
import { GalleryHealth } from '../services/gallery-health.js';
import type { GalleryReport } from '../services/gallery-report.js';
import { StoredPeople } from '../services/people.js';
import { Thresholds } from '../services/thresholds.js';
import { PictureReader } from '../services/picture-reader.js';
import { UploadedPictures } from '../services/pictures.js';
import { Recognition } from './recognition.js';
import { Retention } from '../services/retention.js';
import { StoredUnknownPeople } from '../services/unknown-people.js';
import { keepFontCacheIn } from '../config/environment.js';
import { packageRoot } from '../config/package-root.js';
import type { Config } from '../config/schema.js';
import { notReady } from '../core/errors.js';
import type { EventStore } from '../core/event-store.js';
import type { AccessToken } from '../core/roles.js';
import type { Storage } from '../core/storage.js';
import { networksOf, photoDetector } from '../detection/create-detector.js';
import { lookAlikesFound, photoSetAside } from '../events/build-event.js';
import { EventPublisher, type PublisherStatus } from '../events/event-publisher.js';
import { SourcePolicy } from '../ingest/guarded/source-policy.js';
import { KnownSecrets } from '../ingest/redact.js';
import { ModelStore, defaultCacheDir, type ModelProgress } from '../models/model-store.js';
import { createLogger, type Logger } from '../observability/logger.js';
import { Metrics } from '../observability/metrics.js';
import type { EmbedTimes } from '../core/face-embedder.js';
import type { Enrolment } from '../recognition/enrolment/enrolment.js';
import type { RecognitionModel } from '../recognition/track/recognizer.js';
import type { Services } from '../services/services.js';
import { createServer, type SightlineServer } from '../server/server.js';
import type { Readiness } from '../server/server-options.js';

export interface AppHooks {
  readonly onModelProgress: (progress: ModelProgress) => void;
}

/**
 * The running program, put together from its rooms. What was opened first is closed last, and a start that fails
 * half-way closes what it had opened.
 */
export class App {
  readonly log: Logger;
  readonly models: ModelStore;
  readonly #config: Config;
  readonly #labels: LabelCache;
  readonly #metrics: Metrics;
  readonly #secrets = new KnownSecrets();
  readonly #closers: (() => Promise<void> | void)[] = [];
  readonly #missing = new Set(['models', 'cameras']);
  #cameras: SupervisedCameras | undefined;
  #recognition: Recognition | undefined;
  #publisher: EventPublisher | undefined;
  #calibration: LocalCalibration | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: Config, hooks: AppHooks) {
    this.#config = config;
    for (const { id, url, detectUrl } of config.cameras) this.#secrets.know(id, [url, detectUrl ?? '']);
    this.log = createLogger({ level: config.log.level, redact: (text) => this.#secrets.redact(text) });
    this.models = new ModelStore({ cacheDir: modelsDir(config), onProgress: hooks.onModelProgress });
    this.#metrics = new Metrics(
      () => (this.#cameras?.list() ?? []).map((camera) => camera.status()),
      () => this.#recognition?.model.embedder.stats().waiting ?? 0,
      () => this.#publisher?.status ?? { waiting: 0, lost: 0 },
      () => this.#calibration?.inForce ?? null,
    );
    const fontsDir = join(modelsDir(config), 'fonts');
    keepFontCacheIn(fontsDir);
    this.#labels = new LabelCache({
      fontsDir,
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
    const { store, publisher } = await this.#openStore();
    const { tokens, ownToken } = await accessOf(this.#config.server, store.tokens);
    const registry = await CameraRegistry.open(store.cameras, this.#config.statedCameras, this.log);
    const policy = new SourcePolicy(this.#config.api.cameraSources);
    const cameras = this.#openCameras(registry, policy, publisher);
    const thresholds = await Thresholds.read(this.#config, store.settings, this.log);
    // The port now: a program that runs twice should say so before it fetches models.
    const gallery = this.#openHealth(store, publisher);
    const services = { cameras, thresholds, gallery, ...this.#galleryServices(store) };
    const { url } = await (await this.#createServer(tokens, services, publisher, store)).listen();
    await this.#greet(url, store, registry.list().length);
    await this.models.ensure(networksOf(photoDetector));
    const recognition = await this.#openRecognition(store);
    thresholds.serve(recognition);
    await this.#calibrate(recognition, store, publisher);
    this.#watchGallery(gallery, recognition);
    await cameras.start(this.#openSupervisor(recognition, registry, policy, publisher));
    this.#missing.delete('models');
    this.#missing.delete('cameras');
    return { url: ownToken === null ? url : `${url}/?token=${encodeURIComponent(ownToken)}` };
  }

  async #greet(url: string, store: Storage, cameras: number): Promise<void> {
    const { data } = this.#config;
    const people = await store.people.persons();
    const photos = people.reduce((sum, { faces }) => sum + faces, 0);
    const { version } = packageInfo();
    this.log.info({ version, data, people: people.length, photos, cameras, url }, 'Sightline starts');
  }

  async #createServer(
    tokens: readonly AccessToken[],
    services: Services,
    publisher: EventPublisher,
    store: Storage,
  ): Promise<SightlineServer> {
    const { host, port, corsOrigins, rateLimit } = this.#config.server;
    const server = await createServer({
      host,
      port,
      tokens,
      corsOrigins,
      rateLimit,
      uploads: this.#config.uploads,
      services,
      publisher,
      metrics: this.#metrics,
      ready: () => this.#readiness(publisher.status, store.isDiskFull()),
      webDir: join(packageRoot(), 'web'),
      clientDir: join(packageRoot(), 'packages', 'client', 'dist'),
      version: packageInfo().version,
      log: this.log,
    });
    this.#onClose(() => server.close());
    return server;
  }

  #readiness({ failing, waiting, lost }: PublisherStatus, isDiskFull: boolean): Readiness {
    const reasons = [...this.#missing].map((what) => `${what} are being prepared`);
    if (isDiskFull) reasons.push('the disk of the data folder is full, so nothing can be stored');
    if (failing) reasons.push(`events cannot be stored: ${waiting} are waiting, ${lost} were given up`);
    const cameras = (this.#cameras?.list() ?? []).map((camera) => camera.status());
    const online = cameras.filter(({ state }) => state === 'online').length;
    const embeddingAgain = this.#recognition?.embeddingAgain ?? null;
    return {
      ready: reasons.length === 0,
      reasons,
      cameras: { total: cameras.length, online },
      embeddingAgain,
    };
  }

  #openHealth(store: Storage, publisher: EventPublisher): GalleryHealth {
    return new GalleryHealth({
      store,
      model: () => this.#requireRecognition().model,
      onApplied: (report) => publishHealing(report, publisher),
    });
  }

  #watchGallery(health: GalleryHealth, recognition: Recognition): void {
    const { healing } = this.#config.recognition;
    if (healing === 'off') return;
    const watch = new GalleryWatch({
      health,
      apply: healing === 'apply',
      revision: () => {
        const { gallery } = recognition.model;
        return gallery.mismatch === undefined ? gallery.revision : undefined;
      },
      log: this.log,
    });
    this.#onClose(() => watch.close());
  }

  /** @throws SightlineError NOT_READY */
  #requireRecognition(): Recognition {
    if (this.#recognition) return this.#recognition;
    throw notReady('Recognition is still being prepared.');
  }

  #galleryServices(store: Storage): Pick<Services, 'pictures' | 'people' | 'unknownPeople' | 'events'> {
    const { uploads: limits } = this.#config;
    const reader = new PictureReader({ limits, models: this.models, modelsDir: modelsDir(this.#config) });
    this.#onClose(() => reader.close());
    const recognition = (): Recognition => this.#requireRecognition();
    const model = (): RecognitionModel => recognition().model;
    return {
      pictures: new UploadedPictures({ reader, model, store }),
      people: new StoredPeople({
        ...{ store, recognition, pictures: reader },
        onEnrolled: (enrolment) => logEnrolment(enrolment, this.log),
      }),
      unknownPeople: new StoredUnknownPeople({ store, recognition }),
      events: new StoredEvents({ store, recognition }),
    };
  }

  /** Opens what is kept, for no other program that watches cameras. */
  async #openStore(): Promise<{ store: Storage; publisher: EventPublisher }> {
    const store = await openStore(this.#config.data, { exclusive: true });
    this.#onClose(() => store.close());
    const publisher = await this.#openPublisher(store.events);
    const retention = new Retention(this.#config.retention, store.tracks, (err) =>
      this.log.error({ err }, 'What is too old could not be deleted'),
    );
    this.#onClose(() => retention.close());
    return { store, publisher };
  }

  async #openPublisher(store: EventStore): Promise<EventPublisher> {
    const publisher = await EventPublisher.open({
      store,
      onFailure: (err, status) => this.log.error({ err, ...status }, 'Events could not be stored'),
      onRecovery: (status) => this.log.info(status, 'Events are stored again'),
      onListenerError: (err) => this.log.error({ err }, 'An event listener failed'),
    });
    this.#publisher = publisher;
    logEvents(publisher, this.log);
    this.#onClose(async () => {
      const lost = await publisher.close();
      if (lost > 0) this.log.error({ lost }, 'Events were given up because they could not be stored');
    });
    return publisher;
  }

  #openCameras(registry: CameraRegistry, policy: SourcePolicy, publisher: EventPublisher): SupervisedCameras {
    const onRemoved = (id: string): void => this.#metrics.forgetCamera(id);
    const cameras = new SupervisedCameras({ registry, policy, publisher, onRemoved, log: this.log });
    this.#cameras = cameras;
    this.#onClose(() => cameras.close());
    return cameras;
  }

  #openSupervisor(
    recognition: Recognition,
    registry: CameraRegistry,
    policy: SourcePolicy,
    publisher: EventPublisher,
  ): CameraSupervisor {
    const config = this.#config;
    const log = this.log;
    const sessions = new CameraSessions({
      config,
      recognition,
      detectors: new SharedDetectors({ models: this.models, modelsDir: modelsDir(config), log }),
      policyOf: (id, source) => (registry.isConfigured(id, source) ? undefined : policy),
      secrets: this.#secrets,
      publisher,
      metrics: this.#metrics,
      labels: this.#labels,
      log,
    });
    return new CameraSupervisor({ sessions, defaults: config, log });
  }

  async #openRecognition(store: Storage): Promise<Recognition> {
    const onEmbedded = ({ alignMs, embedMs }: EmbedTimes): void =>
      this.#metrics.observeEmbedding(alignMs + embedMs);
    const recognition = await Recognition.open({
      config: this.#config,
      models: this.models,
      store,
      log: this.log,
      onEmbedded,
    });
    this.#recognition = recognition;
    this.#onClose(() => recognition.close());
    return recognition;
  }

  /** Keeps the thresholds calibrated on the unknown people, from what was kept of them on. */
  async #calibrate(recognition: Recognition, store: Storage, publisher: EventPublisher): Promise<void> {
    const enabled = this.#config.recognition.localCalibration;
    const calibration = new LocalCalibration({ enabled, store, publisher, log: this.log });
    this.#onClose(() => calibration.close());
    await calibration.serve(recognition);
    this.#calibration = calibration;
  }

  /** Has something closed with the app, or at once: a start goes on for a while after the app was closed. */
  #onClose(close: () => Promise<void> | void): void {
    if (this.#closing === undefined) this.#closers.push(close);
    else
      void Promise.resolve(close()).catch((err: unknown) => this.log.error({ err }, 'Could not be closed'));
  }

  async #close(): Promise<void> {
    await this.#cameras?.close();
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

function publishHealing({ setAside, lookAlikes }: GalleryReport, publisher: EventPublisher): void {
  for (const { photo, person, other, reason, message } of setAside)
    publisher.publish(
      photoSetAside({
        identity: { id: person.id, name: person.name },
        photo: { id: photo.id },
        other: other && { id: other.id, name: other.name },
        reason: { code: reason, message },
      }),
    );
  for (const pair of lookAlikes) publisher.publish(lookAlikesFound(pair));
}

/** One line for an enrolment, with what speaks against it; none for a photo that was known and counts. */
function logEnrolment({ person, face, added, warnings }: Enrolment, log: Logger): void {
  const about = { person: person.id, photo: face.id };
  const what = `A photo of ${person.name} ${added ? 'is enrolled' : 'was enrolled already'}`;
  if (warnings.length > 0) log.warn(about, [`${what}.`, ...warnings.map(({ message }) => message)].join(' '));
  else if (added) log.info(about, what);
}

function modelsDir(config: Config): string {
  return config.models.dir ?? defaultCacheDir();
}
