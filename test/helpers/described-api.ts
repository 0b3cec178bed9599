import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Answer {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
}

interface Operation {
  readonly responses?: Readonly<Record<string, Answer>>;
  readonly 'x-role'?: string;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface CallOptions {
  /** Put in place of `{name}` in the path. */
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: string;
  /** Sent as JSON, unless it is a form or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Called {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, else the bytes. */
  readonly body: unknown;
}

/** A running server that is held to its own OpenAPI document: an answer that the document does not describe throws. */
export class DescribedApi {
  readonly url: string;
  readonly document: Document;
  /** Operations called so far that were answered with a success, as `GET /v1/cameras`. */
  readonly succeeded = new Set<string>();
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #headers: Readonly<Record<string, string>>;

  private constructor(url: string, document: Document, headers: Readonly<Record<string, string>>) {
    this.url = url;
    this.document = document;
    this.#headers = headers;
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ ...document, $id: 'document' });
  }

  static async of(url: string, headers: Readonly<Record<string, string>> = {}): Promise<DescribedApi> {
    const response = await fetch(`${url}/api/openapi.json`, { headers });
    return new DescribedApi(url, (await response.json()) as Document, headers);
  }

  /** Every operation of the document, as `GET /v1/cameras`. */
  get operations(): string[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
  }

  /** @param operation as `POST /v1/people/{id}/photos` */
  async call(operation: string, { path = {}, query = '', body, headers }: CallOptions = {}): Promise<Called> {
    const [method = '', template = ''] = operation.split(' ');
    const target = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(String(path[name])),
    );
    const isRaw = body instanceof FormData || body instanceof Uint8Array || body === undefined;
    const response = await fetch(this.url + target + (query && `?${query}`), {
      method,
      headers: { ...this.#headers, ...(!isRaw && { 'content-type': 'application/json' }), ...headers },
      body: isRaw ? ((body as FormData | undefined) ?? null) : JSON.stringify(body),
    });
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const answer = Buffer.from(await response.arrayBuffer());
    const parsed: unknown = /json$/.test(type) ? JSON.parse(answer.toString()) : answer;
    this.#check(operation, response.status, type, parsed);
    if (response.ok) this.succeeded.add(operation);
    return { status: response.status, headers: response.headers, body: parsed };
  }

  #check(operation: string, status: number, type: string, body: unknown): void {
    const [method = '', template = ''] = operation.split(' ');
    const responses = this.document.paths[template]?.[method.toLowerCase()]?.responses;
    const key = responses?.[status] ? String(status) : 'default';
    const answer = responses?.[key];
    const what = `${operation} answered ${status} ${type}`;
    if (!answer) throw new Error(`${what}, which the document does not describe`);
    if (answer.content === undefined) {
      if (Buffer.isBuffer(body) && body.length === 0) return;
      throw new Error(`${what} with a body that the document does not describe`);
    }
    if (!answer.content[type])
      throw new Error(`${what}, but the document says ${Object.keys(answer.content).join(', ')}`);
    if (Buffer.isBuffer(body)) return;
    const pointer = ['paths', template, method.toLowerCase(), 'responses', key, 'content', type, 'schema'];
    const validate = this.#ajv.getSchema(`document#/${pointer.map(escaped).join('/')}`) as ValidateFunction;
    if (!validate(body)) {
      const problems = this.#ajv.errorsText(validate.errors);
      throw new Error(`${what}: ${problems}\n${JSON.stringify(body, null, 2).slice(0, 2000)}`);
    }
  }
}

/** A part of a JSON pointer in a URI fragment. */
function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
