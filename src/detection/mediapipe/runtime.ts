import { createRequire } from 'node:module';
import type { Detection as MediaPipeDetection } from '@mediapipe/tasks-vision';
import { createCanvasStandIn, type CanvasStandIn, type RgbaPicture } from './canvas-stand-in.js';

/** The part of the package's API that is used here; its own types want a browser's. */
interface TaskApi {
  readonly FaceDetector: {
    createFromOptions(
      wasm: { wasmLoaderPath: string; wasmBinaryPath: string },
      options: {
        canvas: CanvasStandIn;
        runningMode: 'IMAGE';
        minDetectionConfidence: number;
        baseOptions: { modelAssetBuffer: Uint8Array; delegate: 'CPU' };
      },
    ): Promise<{ detect(picture: RgbaPicture): { detections: MediaPipeDetection[] }; close(): void }>;
  };
}

type ModuleFactory = (options: object) => Promise<unknown>;

/** What MediaPipe expects to find on the global object of a browser. */
interface MediaPipeGlobals {
  self?: typeof globalThis;
  ModuleFactory?: ModuleFactory;
  custom_dbg?: (...words: unknown[]) => void;
}

export interface MediaPipeOptions {
  /** A .tflite with metadata. */
  readonly model: Uint8Array;
  readonly minScore: number;
  /** Told what MediaPipe's C++ side prints; it is chatty. */
  readonly log: (line: string) => void;
}

export interface MediaPipeGraph {
  detect(picture: RgbaPicture): MediaPipeDetection[];
  close(): void;
}

const require = createRequire(import.meta.url);
let creation: Promise<unknown> = Promise.resolve();

/**
 * A MediaPipe face detector in plain Node. @mediapipe/tasks-vision is made for browsers; docs/adr/0002 tells how it
 * comes to run here. Creations share global state, so they queue up.
 */
export function createMediaPipeGraph(options: MediaPipeOptions): Promise<MediaPipeGraph> {
  const created = creation.then(() => createNow(options));
  creation = created.catch(() => undefined);
  return created;
}

async function createNow({ model, minScore, log }: MediaPipeOptions): Promise<MediaPipeGraph> {
  const globals = globalThis as MediaPipeGlobals;
  globals.self ??= globalThis;
  const glueModule = '@mediapipe/tasks-vision/vision_wasm_module_internal.js';
  const { default: glue } = (await import(glueModule)) as { default: ModuleFactory };
  // Loading the glue sets this to console.warn.
  globals.custom_dbg = (...words) => log(words.join(' '));
  // The bundle takes the factory off the global object at each creation.
  globals.ModuleFactory = (wasmOptions) => glue({ ...wasmOptions, print: log, printErr: log });
  const { FaceDetector } = (await import('@mediapipe/tasks-vision')) as unknown as TaskApi;
  const task = await FaceDetector.createFromOptions(
    {
      wasmLoaderPath: '',
      wasmBinaryPath: require.resolve('@mediapipe/tasks-vision/vision_wasm_module_internal.wasm'),
    },
    {
      canvas: createCanvasStandIn(),
      runningMode: 'IMAGE',
      minDetectionConfidence: minScore,
      baseOptions: { modelAssetBuffer: model, delegate: 'CPU' },
    },
  );
  return {
    detect: (picture) => task.detect(picture).detections,
    close: () => task.close(),
  };
}
