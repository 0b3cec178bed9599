import { z } from 'zod';
import { isNetwork } from '../core/network.js';
import { embedderIds } from '../core/face-embedder.js';
import { cameraRecognitionSchema, namingShape } from './recognition.js';
import { serverSchema } from './server.js';

/** All options, with type, default and description. docs/configuration.md is generated from this file. */

const mebibyte = 2 ** 20;
/** Limit for a URL or path. URL parsers take quadratic time for a host name in another script. */
const maxSourceCharacters = 4096;

const detectorShape = {
  kind: z
    .enum(['auto', 'mediapipe', 'mtcnn', 'haar'])
    .describe(
      'Which detector finds the faces: MediaPipe’s BlazeFace, MTCNN, or OpenCV’s cascade of Haar features. `auto`: the best for cameras, MTCNN at present.',
    ),
  range: z
    .enum(['full', 'short'])
    .describe(
      'MediaPipe only: `full` for cameras in rooms and streets, `short` for a face close to a webcam.',
    ),
  threshold: z
    .number()
    .min(0.05)
    .max(0.99)
    .nullable()
    .describe('Detections with a lower score are ignored. The detector’s own default when null.'),
  minFaceSize: z
    .number()
    .int()
    .min(12)
    .max(2000)
    .nullable()
    .describe('Side of the smallest face looked for, in pixels. The detector’s own default when null.'),
  region: z
    .array(z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]))
    .min(3)
    .nullable()
    .describe(
      'Corners of the part of the picture that counts, each [x, y] from 0 to 1; faces outside are ignored. All when null.',
    ),
  rate: z
    .union([z.literal('auto'), z.number().positive().max(120)])
    .describe('Most detections a second. `auto`: as many as there is time for.'),
  thread: z
    .enum(['auto', 'main', 'worker'])
    .describe(
      'Where detection runs: on the `main` loop, or in a `worker` thread, which leaves the main loop to video and events at the price of a copy of each frame. `auto`: on the main loop with one camera, in a thread with more.',
    ),
};

/** The settings of a detector, each of them there. */
export const completeDetectorSchema = z.strictObject(detectorShape);

const detectorSchema = z.strictObject({
  kind: detectorShape.kind.default('auto'),
  range: detectorShape.range.default('full'),
  threshold: detectorShape.threshold.default(null),
  minFaceSize: detectorShape.minFaceSize.default(null),
  region: detectorShape.region.default(null),
  rate: detectorShape.rate.default('auto'),
  thread: detectorShape.thread.default('auto'),
});

const analysisShape = {
  fps: z
    .number()
    .positive()
    .max(120)
    .describe(
      'Most frames a second that are taken from a camera to be searched; under load fewer of them are searched.',
    ),
};

/** The settings of the analysis, each of them there. */
export const completeAnalysisSchema = z.strictObject(analysisShape);

export const cameraSchema = z.strictObject({
  id: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9_-]{0,63}$/,
      'expected 1 to 64 of a-z, 0-9, - and _, beginning with a letter or digit',
    )
    .optional()
    .describe('Stands in URLs and events. `cam1`, `cam2`, … when left out.'),
  name: z.string().min(1).max(100).optional().describe('Shown to people. The id when left out.'),
  url: z
    .string()
    .min(1)
    .max(maxSourceCharacters)
    .describe(
      'rtsp://, rtsps://, http://, https:// (MJPEG, HLS, or a snapshot, which is asked for `fps` times a second, twice by default), rtmp://, rtmps:// and srt:// if ffmpeg was built with them, a file path, `webcam:`, `webcam:/dev/video1` or `test:`.',
    ),
  detectUrl: z
    .string()
    .min(1)
    .max(maxSourceCharacters)
    .nullable()
    .default(null)
    .describe(
      'A smaller stream of the same camera to find faces in; names and pictures come from `url`, which is decoded only while there is a face or somebody watches. Cameras with a key frame every two seconds or so are named soonest.',
    ),
  transport: z.enum(['tcp', 'udp']).default('tcp').describe('How RTSP carries the picture.'),
  hwaccel: z
    .string()
    .regex(
      /^[a-z0-9_]+$/,
      "expected the name of one of ffmpeg's methods, such as vaapi, cuda or videotoolbox",
    )
    .nullable()
    .default(null)
    .describe(
      "Hardware decoding by ffmpeg's name for it (`auto`, `vaapi`, `cuda`, …); software where it fails.",
    ),
  rotate: z
    .union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)])
    .default(0)
    .describe(
      'Degrees by which the picture is turned clockwise, for a camera that is mounted sideways or upside down.',
    ),
  flip: z
    .enum(['none', 'horizontal', 'vertical'])
    .default('none')
    .describe(
      'Mirrors the picture after it was turned: `horizontal` exchanges left and right, `vertical` top and bottom.',
    ),
  width: z
    .number()
    .int()
    .min(64)
    .max(7680)
    .nullable()
    .default(null)
    .describe('Scale frames to this width; the height follows. The camera’s own size when null.'),
  fps: z
    .number()
    .positive()
    .max(120)
    .nullable()
    .default(null)
    .describe('Most pictures a second for those who watch; the camera’s own rate when null.'),
  loop: z.boolean().default(false).describe('Files only: begin again at the end.'),
  stallTimeoutMs: z
    .number()
    .int()
    .min(1000)
    .max(600_000)
    .default(10_000)
    .describe(
      'A camera that sends no frame for so long is taken for lost and connected anew. On Linux, time in which ffmpeg waits for a processor does not count.',
    ),
  analysis: z
    .strictObject(analysisShape)
    .partial()
    .default({})
    .describe('Overrides of `analysis` for this camera.'),
  detector: z
    .strictObject(detectorShape)
    .partial()
    .default({})
    .describe('Overrides of `detector` for this camera.'),
  recognition: cameraRecognitionSchema.prefault({}),
});

/** The schemes that a camera's URL may have; a path counts as `file`. */
const sourceSchemes = ['rtsp', 'rtsps', 'http', 'https', 'file', 'webcam', 'test'] as const;

const camerasSchema = z.preprocess(
  (value) => (typeof value === 'string' ? [value] : value),
  z.array(z.preprocess((value) => (typeof value === 'string' ? { url: value } : value), cameraSchema)),
);

/** How near a face must be to be named, both settings there. */
export const namingSchema = z.strictObject(namingShape);

/** What to change about it. */
export const namingChangeSchema = z.strictObject({
  threshold: namingShape.threshold.exactOptional(),
  falseNameRate: namingShape.falseNameRate.exactOptional(),
});

export const configSchema = z.strictObject({
  data: z
    .string()
    .min(1)
    .default('.sightline')
    .describe('Folder of the gallery and the access token; made when missing.'),
  server: serverSchema.prefault({}),
  cameras: camerasSchema.default([]).describe('Cameras; an entry may be just a URL.'),
  analysis: z
    .strictObject({ fps: analysisShape.fps.default(10) })
    .prefault({})
    .describe('What is taken from each camera to be searched, unless the camera says otherwise.'),
  detector: detectorSchema
    .prefault({})
    .describe('How faces are found, for every camera that does not say otherwise.'),
  recognition: z
    .strictObject({
      embedder: z
        .string()
        .regex(
          /^[a-z0-9]+([-+][a-z0-9]+)*$/,
          `expected the name of an embedder: ${embedderIds.join(', ')} or one added with \`sightline models add\``,
        )
        .default('mobilefacenet+fr-feature')
        .describe(
          'What turns faces into embeddings: one network or, joined by a plus sign, two; `facenet-vggface2` is fetched first with `sightline models pull`, one of your own is added with `sightline models add` (docs/own-model.md). Embeddings of different embedders never compare: after a change the gallery is embedded again from its crops.',
        ),
      threshold: namingShape.threshold.default(null),
      falseNameRate: namingShape.falseNameRate.default(0.001),
      localCalibration: z
        .boolean()
        .default(true)
        .describe(
          'Whether thresholds that follow from `falseNameRate` are calibrated on the unknown people that the cameras see: the more these resemble the gallery, the nearer a face must be to be named.',
        ),
      workers: z.number().int().min(1).max(64).default(1).describe('Worker threads that compute embeddings.'),
      queueLimit: z
        .number()
        .int()
        .min(1)
        .max(10_000)
        .default(16)
        .describe('Faces that may wait for a worker; beyond it the oldest is dropped.'),
      executionProvider: z
        .string()
        .regex(
          /^[a-z]+$/,
          "expected the name of one of ONNX Runtime's execution providers, such as cpu, cuda or coreml",
        )
        .default('cpu')
        .describe('ONNX Runtime execution provider of the workers.'),
      threadsPerWorker: z
        .number()
        .int()
        .min(1)
        .max(64)
        .default(1)
        .describe('ONNX Runtime threads of each worker.'),
      healing: z
        .enum(['apply', 'report', 'off'])
        .default('apply')
        .describe(
          'What becomes of enrolled photos that do not fit their person, and of people who look alike, when the gallery has changed. `apply` sets such photos aside and has look-alikes need a smaller distance, each with an event and a line in the log, and revocable; `report` only writes the line; `off` checks nothing.',
        ),
    })
    .prefault({}),
  retention: z
    .strictObject({
      eventDays: z
        .number()
        .positive()
        .max(36_500)
        .nullable()
        .default(30)
        .describe('How long events, and crops of the people they name, are kept; for ever when null.'),
      unknownDays: z
        .number()
        .positive()
        .max(36_500)
        .nullable()
        .default(30)
        .describe('How long after they were last seen people without a name are kept; for ever when null.'),
    })
    .prefault({}),
  video: z
    .strictObject({
      jpegQuality: z
        .number()
        .int()
        .min(30)
        .max(100)
        .default(80)
        .describe('Quality of the pictures sent out.'),
    })
    .prefault({}),
  uploads: z
    .strictObject({
      maxBytes: z
        .number()
        .int()
        .min(1024)
        .max(100 * mebibyte)
        .default(10 * mebibyte)
        .describe('Bytes of the largest picture file that the HTTP API takes.'),
      maxPixels: z
        .number()
        .int()
        .min(10_000)
        .max(200_000_000)
        .default(25_000_000)
        .describe(
          'Pixels, width × height, of the largest uploaded picture; asked of its header. Measured: eight of 24 megapixels at once took 0.5 GB for a moment as JPEG, 1.2 GB as AVIF.',
        ),
      queueLimit: z
        .number()
        .int()
        .min(1)
        .max(256)
        .default(8)
        .describe('Uploads in hand at a time; beyond them a client is told to try again later (429).'),
      timeoutMs: z
        .number()
        .int()
        .min(1000)
        .max(300_000)
        .default(10_000)
        .describe('The decoding of an uploaded picture is cut off after so long.'),
    })
    .prefault({}),
  api: z
    .strictObject({
      cameraSources: z
        .strictObject({
          schemes: z
            .array(z.enum(sourceSchemes))
            .default(['rtsp', 'rtsps', 'http', 'https'])
            .describe(
              'Kinds of sources that cameras set up over the API may have: `rtsp`, `rtsps`, `http`, `https`, `file`, `webcam`, `test`.',
            ),
          networks: z
            .array(z.string().refine(isNetwork, 'expected a network such as 192.168.1.0/24 or fd00::/8'))
            .nullable()
            .default(null)
            .describe(
              'Networks that hosts of such cameras may be in, each as 192.168.1.0/24. When null: any but this machine itself, link-local, multicast and reserved addresses and those of cloud metadata.',
            ),
        })
        .prefault({}),
    })
    .prefault({}),
  models: z
    .strictObject({
      dir: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe(
          'Folder of fetched models. When null: models/cache in a checkout, ~/.cache/sightline/models (or where XDG_CACHE_HOME says) in an installed package.',
        ),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
        .default('info')
        .describe('Least level logged.'),
    })
    .prefault({}),
});

type ParsedConfig = z.output<typeof configSchema>;

/** What holds for every camera that does not say otherwise. */
export type CameraDefaults = Pick<ParsedConfig, 'analysis' | 'detector'>;

/** One camera as it was stated: what it leaves to `analysis` and `detector` is missing still. */
export type CameraStatement = z.output<typeof cameraSchema> & { readonly id: string };

/** One camera with every default filled in. */
export type CameraConfig = Omit<CameraStatement, 'name' | keyof CameraDefaults> &
  CameraDefaults & { readonly name: string };

/** The whole configuration with every default filled in. */
export type Config = Omit<ParsedConfig, 'cameras'> & {
  readonly cameras: readonly CameraConfig[];
  /** The same cameras as they were stated. */
  readonly statedCameras: readonly CameraStatement[];
};
