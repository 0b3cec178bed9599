import type { LabelCache } from '../annotate/label-cache.js';
import type { CameraConfig, Config } from '../config/schema.js';
import { asSightlineError, errorCatalogue, type ErrorCode } from '../core/errors.js';
import type { EventPublisher } from '../events/event-publisher.js';
import { TrackEventPublisher } from '../events/track-event-publisher.js';
import { inheritedEnvironment } from '../config/environment.js';
import type { SourcePolicy } from '../ingest/guarded/source-policy.js';
import { findFfmpeg } from '../ingest/ffmpeg-binary.js';
import { assertFitForNetwork } from '../ingest/ffmpeg-fitness.js';
import { redactUrl, type KnownSecrets } from '../ingest/redact.js';
import { isOnNetwork } from '../ingest/source-spec.js';
import { VideoSource, type VideoSourceOptions } from '../ingest/video-source.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import { CameraPipeline, type CameraPipelineOptions } from '../pipeline/camera-pipeline.js';
import { historyFrames } from '../pipeline/large-frames.js';
import { DecisionRecorder } from '../recognition/track/decision-recorder.js';
import { Recognizer } from '../recognition/track/recognizer.js';
import { TrackRegistry } from '../recognition/track/track-registry.js';
import type { Recognition } from './recognition.js';
import type { CameraSession, PreparedSession, SessionOpener } from '../services/camera-supervisor.js';
import type { DetectorLease, DetectorThread, SharedDetectors } from './shared-detectors.js';

/** Frames for analysis in memory: being read, waiting, and being searched. */
const analysisFrames = 3;
/** Frames for viewers in memory, while there are viewers: being read, waiting, and being encoded. */
const viewFrames = 3;

export interface CameraSessionsOptions {
  readonly config: Config;
  readonly recognition: Recognition;
  readonly detectors: SharedDetectors;
  /** What a source of a camera may reach; undefined for anything. */
  readonly policyOf: (cameraId: string, source: string) => SourcePolicy | undefined;
  /** Learns what may not be logged. */
  readonly secrets: KnownSecrets;
  readonly publisher: Pick<EventPublisher, 'publish'>;
  readonly metrics: Metrics;
  readonly labels: LabelCache;
  readonly log: Logger;
}

/** What the streams of one camera differ in. */
type SourceDetails = Pick<VideoSourceOptions, 'onFrame' | 'onState' | 'poolSize'> &
  Partial<Pick<VideoSourceOptions, 'onDecoded' | 'onDemand' | 'views' | 'width'>>;

/** What follows the tracks of a camera. */
type TrackParts = Pick<CameraPipelineOptions, 'observers' | 'trackState' | 'availability'>;

/** Puts the pipelines of cameras together. */
export class CameraSessions implements SessionOpener {
  readonly #options: CameraSessionsOptions;
  readonly #open = new Set<OpenSession>();
  #isFfmpegChecked = false;

  constructor(options: CameraSessionsOptions) {
    this.#options = options;
  }

  async prepare(camera: CameraConfig, isAlone: boolean): Promise<PreparedSession> {
    const lease = await this.#options.detectors.borrow(camera.detector, threadOf(camera, isAlone));
    return {
      open: async (framesBefore) => {
        try {
          const session = new OpenSession(camera, this.#openPipeline(camera, lease, framesBefore), lease);
          this.#open.add(session);
          session.onClosed(() => this.#open.delete(session));
          return session;
        } catch (error) {
          await lease.giveBack();
          throw error;
        }
      },
      discard: () => lease.giveBack(),
    };
  }

  async clearMainLoop(): Promise<void> {
    const { detectors, log } = this.#options;
    for (const session of this.#open) {
      const { camera } = session;
      if (session.thread === threadOf(camera, false)) continue;
      try {
        await session.moveTo(await detectors.borrow(camera.detector, 'worker'));
        log.info({ camera: camera.id }, 'Faces are now searched for in a thread');
      } catch (err) {
        log.error({ camera: camera.id, err }, 'The detector could not be moved to a thread');
      }
    }
  }

  #openPipeline(camera: CameraConfig, place: DetectorLease, framesBefore: number): CameraPipeline {
    const { id, name, url, detectUrl, detector } = camera;
    const { metrics, labels, config, secrets } = this.#options;
    secrets.know(id, [url, detectUrl ?? '']);
    if (isOnNetwork(url) || isOnNetwork(detectUrl ?? '')) void this.#checkFfmpeg();
    const log = this.#options.log.child({ camera: id });
    const openSource = (source: string, more: SourceDetails): VideoSource =>
      new VideoSource({
        ...camera,
        ...more,
        cameraId: id,
        source,
        analysisFps: camera.analysis.fps,
        framesBefore,
        policy: this.#options.policyOf(id, source),
        environment: inheritedEnvironment(),
        log,
      });
    const tracks = this.#openTracks(camera, log);
    const options: CameraPipelineOptions = {
      id,
      name,
      sourceLabel: redactUrl(url),
      createSource: ({ onView, ...handlers }) =>
        openSource(url, {
          ...handlers,
          poolSize: analysisFrames + (detectUrl === null ? 0 : historyFrames),
          onDemand: detectUrl !== null,
          views: { fps: camera.fps, poolSize: viewFrames, onFrame: onView },
        }),
      createSearchSource:
        detectUrl === null
          ? undefined
          : (handlers) => openSource(detectUrl, { ...handlers, width: null, poolSize: analysisFrames }),
      place,
      rate: detector.rate,
      fps: Math.min(camera.analysis.fps, camera.fps ?? Infinity),
      region: detector.region?.map(([x, y]) => ({ x, y })),
      ...tracks,
      labels,
      jpegQuality: config.video.jpegQuality,
      metrics,
      log,
    };
    try {
      return new CameraPipeline(options);
    } catch (error) {
      for (const observer of tracks.observers) void observer.close();
      throw error;
    }
  }

  /** Warns of an old ffmpeg, once, when the first camera on the network is set up. Never rejects. */
  async #checkFfmpeg(): Promise<void> {
    if (this.#isFfmpegChecked) return;
    this.#isFfmpegChecked = true;
    const { log } = this.#options;
    try {
      await assertFitForNetwork(await findFfmpeg());
    } catch (error) {
      const { code, message } = asSightlineError(error);
      log.warn(withRemedy({ code, message }), 'Cameras on the network need another ffmpeg');
    }
  }

  /** What follows the tracks of a camera: who they are, and the events about them. */
  #openTracks(camera: CameraConfig, log: Logger): TrackParts {
    const { id, name } = camera;
    const publisher = new TrackEventPublisher({ camera: { id, name }, events: this.#options.publisher });
    const tracks = new TrackRegistry({
      cameraId: id,
      onChange: (change) => publisher.changed(change),
      onError: (err) => log.error({ err }, 'A track could not be told of'),
    });
    return {
      // The recognizer is the first to hear that a track ends, so that it can have the registry wait for a last decision.
      observers: camera.recognition.enabled ? [this.#openRecognizer(camera, tracks, log), tracks] : [tracks],
      trackState: (trackId) => tracks.state(trackId),
      availability: {
        online: () => tracks.afterChanges(() => publisher.online()),
        offline: (reason) => tracks.afterChanges(() => publisher.offline(reason)),
        overloaded: (reason) => {
          log.warn(withRemedy(reason), 'The camera is overloaded: it is searched for faces too seldom');
          tracks.afterChanges(() => publisher.overloaded(reason));
        },
        recovered: () => {
          log.info('The camera is no longer overloaded');
          tracks.afterChanges(() => publisher.recovered());
        },
        hinted: (hint) => log.warn(withRemedy(hint), 'The camera could be set up better'),
      },
    };
  }

  #openRecognizer(camera: CameraConfig, tracks: TrackRegistry, log: Logger): Recognizer {
    const { recognition } = this.#options;
    const recorder = new DecisionRecorder({
      cameraId: camera.id,
      tracks,
      people: recognition.people,
      onError: (err) => log.error({ err }, 'Who was seen could not be kept'),
    });
    return new Recognizer({
      models: recognition.modelsFor(camera.recognition),
      recorder,
      onError: (err) => log.error({ err }, 'A face could not be compared'),
    });
  }
}

/** A session with the detector that it has borrowed. */
class OpenSession implements CameraSession {
  readonly camera: CameraConfig;
  readonly pipeline: CameraPipeline;
  #lease: DetectorLease;
  #moving: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #onClosed: () => void = () => undefined;

  constructor(camera: CameraConfig, pipeline: CameraPipeline, lease: DetectorLease) {
    this.camera = camera;
    this.pipeline = pipeline;
    this.#lease = lease;
  }

  /** Where faces are searched for. */
  get thread(): DetectorThread {
    return this.#lease.thread;
  }

  onClosed(listener: () => void): void {
    this.#onClosed = listener;
  }

  /** Searches with another detector, and gives back the one before. */
  async moveTo(lease: DetectorLease): Promise<void> {
    if (this.#closing !== undefined) return lease.giveBack();
    const before = this.#lease;
    this.#lease = lease;
    this.#moving = this.#moving.then(() => this.pipeline.moveSearch(lease)).then(() => before.giveBack());
    return this.#moving;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#onClosed();
    try {
      await this.pipeline.close();
    } finally {
      await Promise.allSettled([this.#moving]);
      await this.#lease.giveBack();
    }
  }
}

function withRemedy({ code, message }: { readonly code: ErrorCode; readonly message: string }): object {
  return { code, reason: message, remedy: errorCatalogue[code].remedy };
}

function threadOf({ detector: { thread } }: CameraConfig, isAlone: boolean): DetectorThread {
  if (thread !== 'auto') return thread;
  return isAlone ? 'main' : 'worker';
}
