import { createRequire } from 'node:module';
import type { Detection as MediaPipeDetection } from '@mediapipe/tasks-vision';

/** The part of the package's API that is used here; the package's own types need those of a browser. */
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
  /** Receives each line that MediaPipe's C++ side prints. */
  readonly log: (line: string) => void;
}

export interface MediaPipeGraph {
  detect(picture: RgbaPicture): MediaPipeDetection[];
  close(): void;
}

const require = createRequire(import.meta.url);
let creation: Promise<unknown> = Promise.resolve();

/**
 * Creates a MediaPipe face detector in plain Node. @mediapipe/tasks-vision is made for browsers; docs/adr/0002 explains
 * how it runs here. Creations share global state, so they run one after the other.
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
  // Loading the glue sets this to console.warn, so it is replaced afterwards.
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

/** A picture as MediaPipe's graph takes it: RGBA, 8 bits per channel, rows from the top. */
export interface RgbaPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

interface Texture {
  source: RgbaPicture | undefined;
}

/** WebGL's constants with the values of its specification; the names are those that the wasm glue reads. */
const webGlConstants = { TEXTURE_2D: 0x0de1, RGBA: 0x1908, UNSIGNED_BYTE: 0x1401 };
const maxCombinedTextureImageUnits = 34921;
const vendorToVersion = [7936, 7937, 7938];

/**
 * MediaPipe's browser build moves pixels through a WebGL texture even when it computes on the CPU. This object stands
 * in for the canvas and the WebGL context on that path only: `texImage2D` keeps the picture, and `readPixels` copies it
 * out unchanged. Everything else that a context can do is a no-op.
 */
function createCanvasStandIn(): CanvasStandIn {
  const gl = createContextStandIn();
  return {
    width: 1,
    height: 1,
    getContextSafariWebGL2Fixed: true,
    getContext: (kind: string) => (kind === 'webgl2' ? gl : null),
  };
}

interface CanvasStandIn {
  width: number;
  height: number;
  getContextSafariWebGL2Fixed: boolean;
  getContext(kind: string): object | null;
}

function createContextStandIn(): object {
  let bound: Texture | undefined;
  let attached: Texture | undefined;
  const known: Record<string, unknown> = {
    ...webGlConstants,
    createTexture: (): Texture => ({ source: undefined }),
    bindTexture: (_target: number, texture: Texture | null) => {
      bound = texture ?? undefined;
    },
    texImage2D: (...values: unknown[]) => {
      // Six arguments carry a picture; the nine-argument form only allocates.
      if (values.length === 6 && bound !== undefined) bound.source = values[5] as RgbaPicture;
    },
    framebufferTexture2D: (
      _target: number,
      _attachment: number,
      _textureTarget: number,
      texture: Texture | null,
    ) => {
      attached = texture ?? undefined;
    },
    readPixels: (...values: unknown[]) => {
      const [, , width, height, , , heap, offset] = values as [
        number,
        number,
        number,
        number,
        number,
        number,
        Uint8Array,
        number,
      ];
      const source = attached?.source;
      // The detector checks sizes before it calls MediaPipe. Throwing here would make the next detect() loop forever.
      if (source !== undefined) heap.set(source.data.subarray(0, width * height * 4), offset);
    },
    getParameter: (name: number) => {
      if (name === maxCombinedTextureImageUnits) return 16;
      return vendorToVersion.includes(name) ? 'WebGL 2.0' : 0;
    },
    getContextAttributes: () => ({}),
    getSupportedExtensions: () => [],
    getExtension: () => null,
    getError: () => 0,
    // An object here would be given an id that is never freed.
    fenceSync: () => null,
  };
  return new Proxy(known, {
    get: (target, name) => {
      if (typeof name !== 'string' || name in target) return target[name as string];
      // The wasm glue keeps this state on the context itself; everything else that it reads is a function to call.
      return /^(current|disjoint)/.test(name) ? undefined : noOperation;
    },
  });
}

function noOperation(): undefined {
  return undefined;
}
