/** A picture as MediaPipe's graph takes it: RGBA, 8 bits a channel, rows from the top. */
export interface RgbaPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

interface Texture {
  source: RgbaPicture | undefined;
}

const TEXTURE_2D = 0x0de1;
const RGBA = 0x1908;
const UNSIGNED_BYTE = 0x1401;
const MAX_COMBINED_TEXTURE_IMAGE_UNITS = 34921;
const VENDOR_TO_VERSION = [7936, 7937, 7938];

/**
 * MediaPipe's browser build moves pixels through a WebGL texture even when it computes on the CPU. This object plays
 * the canvas and the WebGL context for exactly that way: `texImage2D` keeps the picture, `readPixels` copies it out
 * unchanged. Everything else a context can do is a no-op here.
 */
export function createCanvasStandIn(): CanvasStandIn {
  const gl = createContextStandIn();
  return {
    width: 1,
    height: 1,
    getContextSafariWebGL2Fixed: true,
    getContext: (kind: string) => (kind === 'webgl2' ? gl : null),
  };
}

export interface CanvasStandIn {
  width: number;
  height: number;
  getContextSafariWebGL2Fixed: boolean;
  getContext(kind: string): object | null;
}

function createContextStandIn(): object {
  let bound: Texture | undefined;
  let attached: Texture | undefined;
  const known: Record<string, unknown> = {
    TEXTURE_2D,
    RGBA,
    UNSIGNED_BYTE,
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
      // The detector checks sizes before it calls MediaPipe. Throwing here would make the next detect() spin for ever.
      if (source !== undefined) heap.set(source.data.subarray(0, width * height * 4), offset);
    },
    getParameter: (name: number) => {
      if (name === MAX_COMBINED_TEXTURE_IMAGE_UNITS) return 16;
      return VENDOR_TO_VERSION.includes(name) ? 'WebGL 2.0' : 0;
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
      // State that the wasm glue itself keeps on the context; everything else that it reads is a function to call.
      return /^(current|disjoint)/.test(name) ? undefined : noOperation;
    },
  });
}

function noOperation(): undefined {
  return undefined;
}
