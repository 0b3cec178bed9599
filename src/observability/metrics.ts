import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The figures of a camera that are exported; a `CameraStatus` has them. */
export interface CameraFigures {
  readonly id: string;
  readonly state: string;
  readonly faces: number;
  /** Null if the camera is not overloaded. */
  readonly overloaded: object | null;
  readonly frames: number;
  readonly dropped: Readonly<Record<string, number>>;
}

/** What is counted of events that are to be stored. */
export interface EventFigures {
  /** Not stored yet. */
  readonly waiting: number;
  /** Given up since the start because they could not be stored. */
  readonly lost: number;
}

/** What the thresholds are calibrated on. */
export interface CalibrationFigures {
  /** Unknown people. */
  readonly people: number;
  /** Added to the embedder's distances; 0 or below. */
  readonly shift: number;
}

/** How a client is connected: video over a WebSocket, MJPEG over HTTP, or events over a WebSocket. */
export type ViewerKind = 'video' | 'mjpeg' | 'events';

const secondsPerMs = 1e-3;
const bucketsSeconds = [0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1];

/** Every metric of Sightline, in its own registry. Durations are passed in milliseconds and exported in seconds. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #cameras: () => readonly CameraFigures[];
  readonly #waitingFaces: () => number;
  readonly #eventFigures: () => EventFigures;
  readonly #calibration: () => CalibrationFigures | null;
  readonly #up = this.#gauge('camera_up', 'Whether the camera shows pictures', ['camera']);
  readonly #overloaded = this.#gauge('camera_overloaded', 'Whether the camera is searched too seldom', [
    'camera',
  ]);
  readonly #faces = this.#gauge('faces_in_view', 'Faces in view now', ['camera']);
  readonly #frames = this.#counter('frames_total', 'Frames decoded', ['camera']);
  readonly #drops = this.#counter('frames_dropped_total', 'Frames dropped, by cause', ['camera', 'cause']);
  readonly #detection = this.#histogram('detection_duration_seconds', 'Time to find the faces of a frame', [
    'camera',
  ]);
  readonly #embedding = this.#histogram('embedding_duration_seconds', 'Time to embed one face');
  readonly #annotated = this.#histogram(
    'annotated_latency_seconds',
    'From the capture of a frame to its annotated JPEG',
    ['camera'],
  );
  readonly #queueDepth = this.#gauge('embedding_queue_depth', 'Faces waiting to be embedded');
  readonly #viewers = this.#gauge('viewers', 'Clients connected', ['kind']);
  readonly #viewerDrops = this.#counter(
    'viewer_frames_dropped_total',
    'Frames dropped because a viewer was too slow',
    ['camera', 'kind'],
  );
  readonly #events = this.#counter('events_total', 'Events stored and told', ['type']);
  readonly #eventsWaiting = this.#gauge('events_waiting', 'Events that are not stored yet');
  readonly #eventsLost = this.#counter(
    'events_lost_total',
    'Events given up because they could not be stored',
    [],
  );

  readonly #calibrationPeople = this.#gauge(
    'calibration_people',
    'Unknown people of the place that the thresholds are calibrated on',
  );
  readonly #calibrationShift = this.#gauge(
    'calibration_shift',
    'Added to the distance at any false-accept rate by the calibration',
  );

  /**
   * These functions are called whenever the metrics are read: every camera's figures, the faces waiting for a worker,
   * the events waiting to be stored, and the calibration in force, if there is one.
   */
  constructor(
    cameras: () => readonly CameraFigures[],
    waitingFaces: () => number,
    eventFigures: () => EventFigures,
    calibration: () => CalibrationFigures | null = () => null,
  ) {
    this.#cameras = cameras;
    this.#waitingFaces = waitingFaces;
    this.#eventFigures = eventFigures;
    this.#calibration = calibration;
    collectDefaultMetrics({ register: this.#registry });
    // Three of them are sums of gauges and called `…_total`, which Prometheus reserves for counters.
    for (const metric of this.#registry.getMetricsAsArray())
      if (metric instanceof Gauge && metric.name.endsWith('_total'))
        this.#registry.removeSingleMetric(metric.name);
  }

  /** Records one search of a frame. */
  observeDetection(camera: string, durationMs: number): void {
    this.#detection.observe({ camera }, durationMs * secondsPerMs);
  }

  /** Records the embedding of one face. */
  observeEmbedding(durationMs: number): void {
    this.#embedding.observe(durationMs * secondsPerMs);
  }

  /** Records that a frame was annotated and encoded `latencyMs` after its capture. */
  observeAnnotated(camera: string, latencyMs: number): void {
    this.#annotated.observe({ camera }, latencyMs * secondsPerMs);
  }

  /** Drops the figures of a camera that was removed. */
  forgetCamera(camera: string): void {
    this.#detection.remove({ camera });
    this.#annotated.remove({ camera });
    for (const kind of ['video', 'mjpeg']) this.#viewerDrops.remove({ camera, kind });
  }

  countEvent(type: string): void {
    this.#events.inc({ type });
  }

  viewerJoined(kind: ViewerKind): void {
    this.#viewers.inc({ kind });
  }

  viewerLeft(kind: ViewerKind): void {
    this.#viewers.dec({ kind });
  }

  viewerFrameDropped(camera: string, kind: ViewerKind): void {
    this.#viewerDrops.inc({ camera, kind });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in Prometheus' text format. */
  expose(): Promise<string> {
    this.#readCameras();
    this.#queueDepth.set(this.#waitingFaces());
    this.#readEvents();
    const { people, shift } = this.#calibration() ?? { people: 0, shift: 0 };
    this.#calibrationPeople.set(people);
    this.#calibrationShift.set(shift);
    return this.#registry.metrics();
  }

  /** The pipeline keeps these figures itself, so they are read on demand instead of being counted twice. */
  #readCameras(): void {
    for (const metric of [this.#up, this.#overloaded, this.#faces, this.#frames, this.#drops]) metric.reset();
    for (const { id: camera, state, overloaded, faces, frames, dropped } of this.#cameras()) {
      this.#up.set({ camera }, state === 'online' ? 1 : 0);
      this.#overloaded.set({ camera }, overloaded === null ? 0 : 1);
      this.#faces.set({ camera }, faces);
      this.#frames.inc({ camera }, frames);
      for (const [cause, count] of Object.entries(dropped)) this.#drops.inc({ camera, cause }, count);
    }
  }

  #readEvents(): void {
    const { waiting, lost } = this.#eventFigures();
    this.#eventsWaiting.set(waiting);
    this.#eventsLost.reset();
    this.#eventsLost.inc(lost);
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name: `sightline_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: L[] = []): Gauge<L> {
    return new Gauge({ name: `sightline_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #histogram<L extends string>(name: string, help: string, labelNames: L[] = []): Histogram<L> {
    return new Histogram({
      name: `sightline_${name}`,
      help,
      labelNames,
      buckets: bucketsSeconds,
      registers: [this.#registry],
    });
  }
}
