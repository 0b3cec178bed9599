import type { LabelCache } from '../annotate/label-cache.js';
import type { CameraConfig, Config } from '../config/schema.js';
import type { EventPublisher } from '../events/event-publisher.js';
import { redactUrl } from '../ingest/redact.js';
import { VideoSource, type SourceGuardOptions } from '../ingest/video-source.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import { CameraPipeline, historyFrames, type SourceHandlers } from '../pipeline/camera-pipeline.js';
import { DetectionScheduler } from '../pipeline/detection-scheduler.js';
import { Recognizer, type RecognizerOptions } from '../recognition/track/recognizer.js';
import type { Recognition } from './recognition.js';
import type { DetectorLease } from './shared-detectors.js';

/** Part of the main loop's time that detections may take; see docs/adr/0004. */
const detectionShare = 0.6;
/** Frames of one camera in memory: being read, searched, waiting and being encoded, and one in reserve. */
const framesPerCamera = 5;

export interface CameraRunsOptions {
  readonly config: Config;
  readonly recognition: Recognition;
  readonly publisher: Pick<EventPublisher, 'publish'>;
  readonly metrics: Metrics;
  readonly labels: LabelCache;
  readonly log: Logger;
}

/** What a run needs to know beside the settings of its camera. */
export interface RunSetup {
  readonly lease: DetectorLease;
  /** Frames of the camera's earlier runs. */
  readonly framesBefore: number;
  /** What a source of the camera may reach; undefined for anything. */
  readonly guardOf: (source: string) => SourceGuardOptions | undefined;
}

/** A pipeline at work, with what it has borrowed. */
export class CameraRun {
  readonly pipeline: CameraPipeline;
  readonly #end: () => Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(pipeline: CameraPipeline, end: () => Promise<void>) {
    this.pipeline = pipeline;
    this.#end = end;
  }

  /** Tells of the tracks that end with it, and gives back what it has borrowed. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.pipeline.close().then(this.#end);
    return this.#closing;
  }
}

/** Puts the pipelines of cameras together. */
export class CameraRuns {
  readonly #options: CameraRunsOptions;
  readonly #schedulers = {
    main: new DetectionScheduler({ share: detectionShare }),
    worker: new DetectionScheduler({ share: 1 }),
  };

  constructor(options: CameraRunsOptions) {
    this.#options = options;
  }

  /** A run that is not started yet; it gives the detector back when it is closed. @throws SightlineError SOURCE_INVALID */
  open(camera: CameraConfig, setup: RunSetup): CameraRun {
    const { id, name, url, detectUrl, detector } = camera;
    const { publisher, metrics, labels, config } = this.#options;
    const log = this.#options.log.child({ camera: id });
    const recognition = camera.recognition ? this.#options.recognition : undefined;
    const ends: (() => void)[] = [];
    const source =
      (address: string, more: Pick<CameraConfig, 'width'> & { poolSize: number }) =>
      (handlers: SourceHandlers): VideoSource =>
        new VideoSource({
          ...camera,
          ...more,
          ...handlers,
          cameraId: id,
          source: address,
          framesBefore: setup.framesBefore,
          guard: setup.guardOf(address),
          log,
        });
    const poolSize = framesPerCamera + (detectUrl === null ? 0 : historyFrames);
    const pipeline = new CameraPipeline({
      id,
      name,
      sourceLabel: redactUrl(url),
      createSource: source(url, { width: camera.width, poolSize }),
      createSearchSource:
        detectUrl === null ? undefined : source(detectUrl, { width: null, poolSize: framesPerCamera }),
      detector: setup.lease.detector,
      turns: this.#schedulers[detector.thread].join(detector.rate),
      region: detector.region?.map(([x, y]) => ({ x, y })),
      createRecognizer:
        recognition && ((onTransition) => openRecognizer(recognition, { onTransition, log, ends })),
      people: recognition?.people,
      labels,
      jpegQuality: config.video.jpegQuality,
      publisher,
      metrics,
      log,
    });
    return new CameraRun(pipeline, async () => {
      for (const end of ends) end();
      await setup.lease.giveBack();
    });
  }
}

/** A recogniser that follows the model in use until `ends` are called. */
function openRecognizer(
  recognition: Recognition,
  options: Pick<RecognizerOptions, 'onTransition'> & { log: Logger; ends: (() => void)[] },
): Recognizer {
  const { onTransition, log, ends } = options;
  const onError = (err: unknown): void => log.error({ err }, 'A face could not be compared');
  const recognizer = new Recognizer({ ...recognition.model, onTransition, onError });
  const stop = recognition.onChange({
    onSwitch: (model) => recognizer.use(model),
    onNaming: (naming) => recognizer.setNaming(naming),
  });
  ends.push(stop);
  return recognizer;
}
