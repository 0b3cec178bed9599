import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FaceEmbedder } from '../../../src/core/face-embedder.js';
import type { Frame, YuvImage } from '../../../src/core/image.js';
import type { Storage } from '../../../src/core/storage.js';
import type { FaceDetector } from '../../../src/detection/face-detector.js';
import type { EventDraft } from '../../../src/events/identity-event.js';
import { TrackEventPublisher } from '../../../src/events/track-event-publisher.js';
import type { DetectionTurns, Participant } from '../../../src/pipeline/detection-scheduler.js';
import { FaceStage } from '../../../src/pipeline/face-stage.js';
import { Enroller } from '../../../src/recognition/enrolment/enrolment.js';
import { Gallery } from '../../../src/recognition/gallery/gallery.js';
import { DecisionRecorder } from '../../../src/recognition/track/decision-recorder.js';
import { Recognizer } from '../../../src/recognition/track/recognizer.js';
import { TrackRegistry } from '../../../src/recognition/track/track-registry.js';
import { UnknownPeople } from '../../../src/recognition/unknown/unknown-people.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import type { Turn } from '../../helpers/composed-video.js';
import { readPicture, spec, startDetector, startEmbedder } from '../recognition/faces.js';

const fps = 25;

/** What was drawn on a frame: the label without its track number, or nothing. */
export interface Drawn {
  readonly seconds: number;
  readonly label: string | undefined;
  readonly tone: string | undefined;
}

/** An event in short, with the time in the clip at which it was told. */
export interface Told {
  readonly seconds: number;
  readonly type: string;
  readonly name: string | undefined;
  readonly draft: EventDraft;
}

/**
 * Everything that names the faces of a camera, with real networks, on frames whose time is their place in the clip: each
 * result is waited for, so that neither the machine nor its load plays a part.
 */
export class NamingBench {
  readonly #folder: string;
  readonly detector: FaceDetector;
  readonly embedder: FaceEmbedder;
  readonly #store: Storage;
  readonly #gallery: Gallery;

  #searching: Promise<unknown> = Promise.resolve();

  private constructor(
    folder: string,
    detector: FaceDetector,
    embedder: FaceEmbedder,
    store: Storage,
    gallery: Gallery,
  ) {
    this.#folder = folder;
    this.detector = detector;
    this.embedder = embedder;
    this.#store = store;
    this.#gallery = gallery;
  }

  static async open(): Promise<NamingBench> {
    const folder = mkdtempSync(join(tmpdir(), 'sightline-names-'));
    const store = await openStorage({ data: folder });
    const gallery = await Gallery.open({ store, spec, onError: fail });
    return new NamingBench(folder, await startDetector('mediapipe'), await startEmbedder(), store, gallery);
  }

  async enrol(name: string, photo: string): Promise<void> {
    const enroller = new Enroller({
      detect: (image) => this.detector.detect(image),
      embedder: this.embedder,
      store: this.#store.people,
      gallery: this.#gallery,
      spec,
    });
    await enroller.enrollPhoto(name, await readPicture(photo), photo);
  }

  /** A photo cut to a square about its face, so that all faces are shown at the same place and about as large. */
  async turn(photo: string, fromSeconds: number, toSeconds: number): Promise<Turn> {
    const image = await readPicture(photo);
    const [face] = await this.detector.detect(image);
    if (!face) throw new Error(`No face in ${photo}`);
    const { x, y, width, height } = face.box;
    const side = Math.min(Math.round(height * 1.7), image.width, image.height);
    const start = (middle: number, most: number): number =>
      Math.max(0, Math.min(most - side, Math.round(middle - side / 2)));
    const crop = `${side}:${side}:${start(x + width / 2, image.width)}:${start(y + height / 2, image.height)}`;
    return { photo, crop, fromSeconds, toSeconds };
  }

  /**
   * Searches the frames of a clip so many times a second; draws on every frame.
   * @param atEnd called when the tracks have ended; no crop is waited for before that. Left out to wait for each.
   */
  async play(
    frames: readonly YuvImage[],
    perSecond: number,
    atEnd?: (told: readonly Told[]) => void,
  ): Promise<{ drawn: Drawn[]; told: Told[] }> {
    const [drawn, told]: [Drawn[], Told[]] = [[], []];
    let seconds = 0;
    const events = new TrackEventPublisher({
      camera: { id: 'door', name: 'Door' },
      events: {
        publish: (draft) => {
          const name = 'track' in draft.data ? draft.data.identity?.name : undefined;
          told.push({ seconds, type: draft.type.replace('sightline.', ''), name, draft });
        },
      },
    });
    const tracks = new TrackRegistry({
      cameraId: 'door',
      onChange: (change) => events.changed(change),
      onError: fail,
    });
    const stage = this.#stage(tracks);
    let nextSearch = 0;
    for (const [index, image] of frames.entries()) {
      seconds = index / fps;
      const frame = frameOf(image, index, seconds * 1000);
      if (seconds >= nextSearch - 1e-6) {
        nextSearch += 1 / perSecond;
        stage.offer(frame);
        await (atEnd ? this.#searching : this.#settle(tracks));
      }
      const [face] = stage.overlays(seconds * 1000);
      drawn.push({ seconds, label: face?.label.replace(/ (\d+% )?#\d+$/, ''), tone: face?.tone });
    }
    stage.endAll();
    atEnd?.(told);
    await stage.close();
    return { drawn, told };
  }

  async close(): Promise<void> {
    await this.#gallery.close();
    await this.#store.close();
    await this.embedder.close();
    await this.detector.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #stage(tracks: TrackRegistry): FaceStage {
    const people = new UnknownPeople({ store: this.#store, gallery: this.#gallery, spec });
    const recorder = new DecisionRecorder({ cameraId: 'door', tracks, people, onError: fail });
    const model = {
      embedder: this.embedder,
      gallery: this.#gallery,
      spec,
      thresholds: { threshold: null, falseNameRate: 1e-3 },
      classifier: null,
    };
    const recognizer = new Recognizer({
      models: { model, onChange: () => () => undefined },
      recorder,
      onError: fail,
    });
    return new FaceStage({
      id: 'door',
      place: { detector: this.detector, scheduler: { join: (participant) => this.#join(participant) } },
      rate: 'auto',
      region: undefined,
      observers: [recognizer, tracks],
      trackState: (id) => tracks.state(id),
      metrics: { observeDetection: () => undefined },
      log: { error: (fields: { err: unknown }) => fail(fields.err) } as never,
    });
  }

  /** Has each frame searched at once. */
  #join({ search }: Participant): DetectionTurns {
    return {
      request: () => void (this.#searching = search()),
      load: () => ({ place: 'the test', cameras: 1, searchMs: 0, fastestMs: 0 }),
      close: () => undefined,
    };
  }

  /** Waits until the frame is searched, its faces are embedded and what follows is told. */
  async #settle(tracks: TrackRegistry): Promise<void> {
    await this.#searching;
    // A result goes through a few promises until the next crop may be cut.
    for (let quietTurns = 0; quietTurns < 5; quietTurns++) {
      await nextTurn();
      await tracks.close();
      const { running, waiting } = this.embedder.stats();
      if (running + waiting > 0) quietTurns = 0;
    }
  }
}

function frameOf(image: YuvImage, index: number, timeMs: number): Frame {
  return {
    ...image,
    cameraId: 'door',
    sequence: index + 1,
    capturedAt: 1_700_000_000_000 + timeMs,
    capturedMonotonic: timeMs,
    presentedAt: timeMs,
    retain: () => undefined,
    release: () => undefined,
  };
}

function fail(error: unknown): never {
  throw error;
}
