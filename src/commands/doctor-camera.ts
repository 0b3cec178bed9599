import type { CameraConfig, Config } from '../config/schema.js';
import { errorCatalogue, type ErrorCode } from '../core/errors.js';
import type { FaceDetector } from '../detection/face-detector.js';
import { cameraHints } from '../pipeline/camera-hints.js';
import { inspectSource, type SourceReport } from '../services/inspect-source.js';
import { openDetector } from './still-detector.js';

/** Long enough for two key frames of most cameras, and for several searches. */
const watchMs = 6000;
/** Smaller faces are named less reliably (docs/benchmarks.md). */
const leastFaceWidth = 60;
/** Part of what a camera sends that must be decoded. */
const keptUp = 0.8;

/** Watches cameras for some seconds each, and describes what comes from them. */
export class CameraCheck {
  readonly #config: Config;
  #detector: Promise<FaceDetector | undefined> | undefined;

  constructor(config: Config) {
    this.#config = config;
  }

  /** @throws SightlineError SOURCE_… when there is no picture */
  async run(camera: CameraConfig, url: string): Promise<string> {
    // Without networks it is still worth knowing what the camera sends; the check of the models says what is wrong.
    this.#detector ??= openDetector(this.#config).catch(() => undefined);
    const report = await inspectSource({ camera, url, watchMs, detector: await this.#detector });
    return [describe(report), ...this.#advice(camera, report)].join('\n  ');
  }

  async close(): Promise<void> {
    await (await this.#detector)?.close();
  }

  #advice(camera: CameraConfig, report: SourceReport): string[] {
    const { sentPerSecond, decodedPerSecond, searches, turned } = report;
    const limits = [camera.detector.rate, camera.analysis.fps, camera.fps];
    const advice = cameraHints(limits, turned).map(({ code, message }) => `${message} ${remedy(code)}`);
    if (sentPerSecond !== null && decodedPerSecond < keptUp * sentPerSecond) {
      const message = `Only ${rate(decodedPerSecond)} of ${rate(sentPerSecond)} pictures a second could be decoded on this machine.`;
      advice.push(`${message} ${remedy('FRAMES_LATE')}`);
    }
    const cameras = this.#config.cameras.length;
    if (searches !== null && searches.searchMs * cameras > 1000) {
      const message = `A search takes ${Math.round(searches.searchMs)} ms, so that each of ${cameras} cameras is searched less than once a second.`;
      advice.push(`${message} ${remedy(cameras === 1 ? 'SEARCHES_SLOW' : 'SEARCHES_WAIT')}`);
    }
    const [, largest = Infinity] = searches?.faceWidths ?? [];
    if (largest < leastFaceWidth)
      advice.push(
        `The largest face is ${largest} pixels wide; names are reliable from ${leastFaceWidth} on. Use a larger stream, a longer lens, or a place nearer to the door.`,
      );
    return advice;
  }
}

function describe({
  width,
  height,
  codec,
  decodedPerSecond,
  keyFrameSeconds,
  searches,
}: SourceReport): string {
  return [
    `${width}×${height}`,
    ...(codec === null ? [] : [codec]),
    `${rate(decodedPerSecond)} pictures a second`,
    ...(keyFrameSeconds === null || codec === 'MJPEG'
      ? []
      : [`a key frame every ${rate(keyFrameSeconds)} s`]),
    ...(searches === null ? [] : [faces(searches)]),
  ].join(', ');
}

function faces({ count, withFaces, faceWidths }: NonNullable<SourceReport['searches']>): string {
  if (faceWidths === null) return `no face in the ${count} that were searched`;
  const [smallest, largest] = faceWidths;
  const widths = smallest === largest ? `${smallest}` : `${smallest} to ${largest}`;
  return `faces in ${withFaces} of the ${count} that were searched, ${widths} pixels wide`;
}

function remedy(code: ErrorCode): string {
  return errorCatalogue[code].remedy;
}

function rate(perSecond: number): string {
  return String(Number(perSecond.toFixed(1)));
}
