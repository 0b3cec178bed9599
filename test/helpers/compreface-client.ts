import { CompreFace } from '@exadel/compreface-js-sdk';

type Options = Readonly<Record<string, string | number | boolean>>;

export interface Box {
  readonly probability: number;
  readonly x_min: number;
  readonly y_min: number;
  readonly x_max: number;
  readonly y_max: number;
}

export interface Face {
  readonly box: Box;
  readonly landmarks?: readonly (readonly [number, number])[];
  readonly execution_time?: Readonly<Record<string, number>>;
  readonly subjects?: readonly { readonly subject: string; readonly similarity: number }[];
  readonly subject?: string;
  readonly similarity?: number;
}

export interface Found {
  readonly result: readonly Face[];
  readonly plugins_versions?: Readonly<Record<string, string>>;
}

export interface Verified {
  readonly result: readonly {
    readonly source_image_face: Face;
    readonly face_matches: readonly Face[];
    readonly plugins_versions?: Readonly<Record<string, string>>;
  }[];
}

export interface Example {
  readonly image_id: string;
  readonly subject: string;
}

export interface ExamplePage {
  readonly faces: readonly Example[];
  readonly page_number: number;
  readonly page_size: number;
  readonly total_pages: number;
  readonly total_elements: number;
}

/** The published client as it is; its own declarations lack `getSubjects`, and types of what comes back. */
interface Client {
  initFaceRecognitionService(key: string): {
    recognize(image: string, options: Options): Promise<Found>;
    getFaceCollection(): Collection;
    getSubjects(): Subjects;
  };
  initFaceDetectionService(key: string): { detect(image: string, options?: Options): Promise<Found> };
  initFaceVerificationService(key: string): {
    verify(source: string, target: string, options?: Options): Promise<Verified>;
  };
}

interface Collection {
  list(): Promise<ExamplePage>;
  add(image: string | Buffer, subject: string, options?: Options): Promise<Example>;
  verify(image: string, id: string, options?: Options): Promise<Found>;
  delete(id: string): Promise<Example>;
  delete_multiple_images(ids: readonly string[]): Promise<Example[]>;
  delete_all_subject(subject: string): Promise<{ deleted: number }>;
  delete_all(): Promise<{ deleted: number }>;
}

interface Subjects {
  list(): Promise<{ subjects: string[] }>;
  add(subject: string): Promise<{ subject: string }>;
  rename(from: string, to: string): Promise<{ updated: boolean }>;
  delete(subject: string): Promise<{ subject: string }>;
  deleteAll(): Promise<{ deleted: number }>;
}

/** CompreFace's published client for a server at `url`. Its collections change their own address: make one a call. */
export function compreFaceClient(url: string, key: string, options?: Options) {
  const { hostname, port } = new URL(url);
  const client = new CompreFace(`http://${hostname}`, Number(port), options as never) as unknown as Client;
  const recognition = client.initFaceRecognitionService(key);
  return {
    recognize: (image: string, given: Options = {}) => recognition.recognize(image, given),
    collection: () => recognition.getFaceCollection(),
    subjects: () => recognition.getSubjects(),
    detection: client.initFaceDetectionService(key),
    verification: client.initFaceVerificationService(key),
  };
}

/** The answer to a call that the server refused. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; data: unknown }> {
  try {
    await call;
  } catch (error) {
    const { response } = error as { response?: { status: number; data: unknown } };
    if (response !== undefined) return { status: response.status, data: response.data };
    throw error;
  }
  throw new Error('Expected a refusal but the call succeeded.');
}
