import type { LabelCache } from '../annotate/label-cache.js';
import type { CameraConfig, Config } from '../config/schema.js';
import type { EventPublisher } from '../events/event-publisher.js';
import { TrackEventPublisher } from '../events/track-event-publisher.js';
import { redactUrl } from '../ingest/redact.js';
import { VideoSource, type SourceGuardOptions, type VideoSourceOptions } from '../ingest/video-source.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import {
  CameraPipeline,
  historyFrames,
  type CameraPipelineOptions,
} from '../pipeline/camera-pipeline.js';
import { DetectionScheduler } from '../pipeline/detection-scheduler.js';
import { DecisionRecorder } from '../recognition/track/decision-recorder.js';
import { Recognizer } from '../recognition/track/recognizer.js';
import { TrackRegistry } from '../recognition/track/track-registry.js';
import type { Recognition } from './recognition.js';
import type { CameraSession, PreparedSession, SessionOpener } from '../services/camera-supervisor.js';
import type { DetectorLease, SharedDetectors } from './shared-detectors.js';

/** Part of the main loop's time that detections may take; see docs/adr/0004. */
const detectionShare = 0.6;
/** Frames for analysis in memory: being read, searched, and one in reserve. */
const analysisFrames = 3;
/** Frames for viewers in memory, while there are viewers: being read, waiting, and being encoded. */
const viewFrames = 3;

export interface CameraSessionsOptions {
  readonly config: Config;
  readonly recognition: Recognition;
  readonly detectors: SharedDetectors;
  /** What a source of a camera may reach; undefined for anything. */
  readonly guardOf: (cameraId: string, source: string) => SourceGuardOptions | undefined;
  readonly publisher: Pick<EventPublisher, 'publish'>;
  readonly metrics: Metrics;
  readonly labels: LabelCache;
  readonly log: Logger;
}

/** What the streams of one camera differ in. */
type SourceDetails = Pick<VideoSourceOptions, 'onFrame' | 'onState' | 'poolSize'> &
  Partial<Pick<VideoSourceOptions, 'onDecoded' | 'views' | 'width'>>;

/** What follows the tracks of a camera. */
type TrackParts = Pick<CameraPipelineOptions, 'observers' | 'trackState' | 'availability'>;

/** Puts the pipelines of cameras together. */
export class CameraSessions implements SessionOpener {
  readonly #options: CameraSessionsOptions;
  readonly #schedulers = {
    main: new DetectionScheduler({ share: detectionShare }),
    worker: new DetectionScheduler({ share: 1 }),
  };

  constructor(options: CameraSessionsOptions) {
    this.#options = options;
  }

  async prepare(camera: CameraConfig): Promise<PreparedSession> {
    const lease = await this.#options.detectors.borrow(camera.detector);
    return {
      open: async (framesBefore) => {
        try {
          return session(this.#openPipeline(camera, lease, framesBefore), lease);
        } catch (error) {
          await lease.giveBack();
          throw error;
        }
      },
      discard: () => lease.giveBack(),
    };
  }

  #openPipeline(camera: CameraConfig, { detector: faceDetector }: DetectorLease, framesBefore: number) {
    const { id, name, url, detectUrl, detector } = camera;
    const { metrics, labels, config } = this.#options;
    const log = this.#options.log.child({ camera: id });
    const openSource = (source: string, more: SourceDetails): VideoSource =>
      new VideoSource({
        ...camera,
        ...more,
        cameraId: id,
        source,
        analysisFps: camera.analysis.fps,
        framesBefore,
        guard: this.#options.guardOf(id, source),
        log,
      });
    const tracks = this.#openTracks(camera, log);
    const turns = this.#schedulers[detector.thread].join(detector.rate);
    const options: CameraPipelineOptions = {
      id,
      name,
      sourceLabel: redactUrl(url),
      createSource: ({ onView, ...handlers }) =>
        openSource(url, {
          ...handlers,
          poolSize: analysisFrames + (detectUrl === null ? 0 : historyFrames),
          views: { fps: camera.fps, poolSize: viewFrames, onFrame: onView },
        }),
      createSearchSource:
        detectUrl === null
          ? undefined
          : (handlers) => openSource(detectUrl, { ...handlers, width: null, poolSize: analysisFrames }),
      detector: faceDetector,
      turns,
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
      turns.close();
      for (const observer of tracks.observers) void observer.close();
      throw error;
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
      observers: camera.recognition.enabled ? [tracks, this.#openRecognizer(camera, tracks, log)] : [tracks],
      trackState: (trackId) => tracks.state(trackId),
      availability: {
        online: () => tracks.afterChanges(() => publisher.online()),
        offline: (reason) => tracks.afterChanges(() => publisher.offline(reason)),
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

function session(pipeline: CameraPipeline, lease: DetectorLease): CameraSession {
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= pipeline.close().finally(() => lease.giveBack()));
  return { pipeline, close };
}
