import type { Detection } from '../../../src/core/face.js';
import type { Box } from '../../../src/core/geometry.js';
import type { Frame, RgbImage } from '../../../src/core/image.js';
import type { DoubtSettler, TrackObserver } from '../../../src/core/track-state.js';
import { neutralChroma, yuvLayout } from '../../../src/core/yuv.js';
import type { FaceDetector } from '../../../src/detection/face-detector.js';
import type {
  DetectionLoad,
  DetectionScheduler,
  DetectionTurns,
  Participant,
} from '../../../src/pipeline/detection-scheduler.js';

export interface CountedFrameOptions {
  readonly width?: number;
  readonly height?: number;
  /** What is on it: stripes from left to right, or from top to bottom. */
  readonly scene?: 'columns' | 'rows';
}

/** A frame that counts its owners, taken at a moment that is also its sequence number. */
export class CountedFrame implements Frame {
  readonly cameraId = 'door';
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly sequence: number;
  readonly capturedAt: number;
  readonly capturedMonotonic: number;
  readonly presentedAt: number;
  readonly matrix = 'bt709';
  owners = 1;

  constructor(capturedMs: number, { width = 64, height = 36, scene = 'columns' }: CountedFrameOptions = {}) {
    [this.width, this.height] = [width, height];
    this.sequence = capturedMs;
    this.capturedAt = 1_700_000_000_000 + capturedMs;
    this.capturedMonotonic = capturedMs;
    this.presentedAt = capturedMs;
    this.data = Uint8Array.from({ length: yuvLayout(this).byteLength }, (_, pixel) => {
      if (pixel >= width * height) return neutralChroma;
      const along = scene === 'columns' ? (pixel % width) / width : Math.floor(pixel / width) / height;
      return Math.floor(along * 4) % 2 === 0 ? 40 : 200;
    });
  }

  retain(): void {
    this.owners++;
  }

  release(): void {
    this.owners--;
  }
}

/** A face with its box's upper left corner at a place. */
export function faceAt(x: number, y: number, side = 10): Detection {
  const at = (right: number, down: number) => ({ x: x + right * side, y: y + down * side });
  const landmarks = [at(0.3, 0.4), at(0.7, 0.4), at(0.5, 0.6), at(0.35, 0.8), at(0.65, 0.8)] as const;
  return { box: { x, y, width: side, height: side }, score: 0.9, landmarks };
}

type Search = (image: RgbImage, expected: readonly Box[]) => Promise<Detection[]>;

/** A detector that finds what it is told to find, from frame to frame. */
export class FakeDetector implements FaceDetector {
  readonly kind = 'fake';
  /** The pictures searched, and where faces were expected on them. */
  readonly searched: { image: RgbImage; expected: readonly Box[] }[] = [];
  ended = 0;
  search: Search = () => Promise.resolve([]);

  detect(): Promise<Detection[]> {
    return Promise.resolve([]);
  }

  video() {
    return {
      detect: (image: RgbImage, expected: readonly Box[]) => {
        this.searched.push({ image, expected });
        return this.search(image, expected);
      },
      end: () => void this.ended++,
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Turns that a camera has whenever it wants, one search at a time. */
export class FreeTurns implements Pick<DetectionScheduler, 'join'> {
  admitted = true;
  joined = 0;
  closed = 0;
  /** As reported to the cameras. */
  readonly shared: DetectionLoad = { place: 'a thread', cameras: 1, searchMs: 0, fastestMs: 0 };

  join({ search }: Participant): DetectionTurns {
    this.joined++;
    let [isWanted, isRunning, isOpen] = [false, false, true];
    const next = (): void => {
      if (!isWanted || isRunning || !isOpen || !this.admitted) return;
      [isWanted, isRunning] = [false, true];
      void search().then(() => {
        isRunning = false;
        next();
      });
    };
    return {
      request: () => {
        isWanted = true;
        next();
      },
      load: () => this.shared,
      close: () => {
        isOpen = false;
        this.closed++;
      },
    };
  }
}

/** Writes down what it is told, a line each; what `failing` names throws. */
export class FakeObserver implements TrackObserver {
  readonly heard: string[] = [];
  readonly boxes: Box[] = [];
  /** What settles the doubts about a track, by its id. */
  readonly doubts = new Map<number, DoubtSettler>();
  failing: 'started' | 'observe' | 'ended' | 'close' | undefined;
  readonly #shared: string[] | undefined;

  /** @param shared where lines go as well, to compare with what else happens */
  constructor(shared?: string[]) {
    this.#shared = shared;
  }

  started(...[track, frame, doubts]: Parameters<TrackObserver['started']>): void {
    this.doubts.set(track.id, doubts);
    this.#hear('started', `${track.id} @${frame.sequence}`);
  }

  observe(...[frame, tracks]: Parameters<TrackObserver['observe']>): void {
    for (const { detection } of tracks) if (detection) this.boxes.push(detection.box);
    this.#hear('observe', `${tracks.length} @${frame.sequence}`);
  }

  ended(...[track, frame]: Parameters<TrackObserver['ended']>): void {
    this.#hear('ended', `${track.id} @${frame.sequence}`);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#hear('close', '');
      resolve();
    });
  }

  #hear(what: NonNullable<FakeObserver['failing']>, about: string): void {
    if (this.failing === what) throw new Error(`${what} failed`);
    const line = `${what} ${about}`.trim();
    this.heard.push(line);
    this.#shared?.push(line);
  }
}

/** A promise that somebody else settles. */
export function deferred<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}
