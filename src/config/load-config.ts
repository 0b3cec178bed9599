import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { SightlineError } from '../core/errors.js';
import { completeCamera } from './camera.js';
import { closest, describeIssues } from './describe-issue.js';
import { configSchema, type Config } from './schema.js';

export interface ConfigSources {
  /** Path of a YAML file. */
  readonly file?: string | undefined;
  /** Variables named SIGHTLINE_*; others are ignored. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Options from the command line, nested as in the schema. */
  readonly commandLine?: Readonly<Record<string, unknown>>;
}

/**
 * Loads the configuration: defaults < YAML file < environment < command line.
 * All problems are reported together, each with its path; unknown keys are problems too.
 * @throws SightlineError CONFIG_INVALID, CONFIG_UNREADABLE
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const file = sources.file === undefined ? {} : await readConfigFile(sources.file);
  const { options: environment, problems } = environmentOptions(sources.environment ?? process.env);
  const merged = merge(merge(file, environment), sources.commandLine ?? {});
  const parsed = configSchema.safeParse(merged);
  if (!parsed.success) problems.push(...describeIssues(parsed.error.issues, merged));
  else problems.push(...duplicateIds(parsed.data.cameras.map(cameraId)));
  if (problems.length > 0 || !parsed.success) {
    const count = problems.length === 1 ? 'One problem' : `${problems.length} problems`;
    throw new SightlineError(
      'CONFIG_INVALID',
      `${count} in the configuration:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
  }
  const statedCameras = parsed.data.cameras.map((camera, index) => ({
    ...camera,
    id: cameraId(camera, index),
  }));
  const cameras = statedCameras.map((camera) => completeCamera(camera, parsed.data));
  return { ...parsed.data, statedCameras, cameras };
}

async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  let document: unknown;
  try {
    document = readYaml(await readFile(path, 'utf8')) ?? {};
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SightlineError(
      'CONFIG_UNREADABLE',
      `The configuration file ${path} cannot be read: ${reason}`,
      {
        cause: error,
      },
    );
  }
  if (!isRecord(document)) {
    throw new SightlineError(
      'CONFIG_UNREADABLE',
      `Expected a mapping of options in ${path}, but received ${typeof document}.`,
    );
  }
  return document;
}

/** Objects are merged key by key; anything else is replaced by the later one. */
function merge(
  base: Record<string, unknown>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const before = result[key];
    result[key] = isRecord(before) && isRecord(value) ? merge(before, value) : value;
  }
  return result;
}

function cameraId(camera: { id?: string | undefined }, index: number): string {
  return camera.id ?? `cam${index + 1}`;
}

function duplicateIds(ids: readonly string[]): string[] {
  return ids.flatMap((id, index) =>
    ids.indexOf(id) === index
      ? []
      : [`cameras[${index}].id: expected a unique id, but "${id}" is taken by another camera`],
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const prefix = 'SIGHTLINE_';

interface Leaf {
  readonly path: readonly string[];
  readonly isText: boolean;
}

/**
 * Reads options from environment variables: SIGHTLINE_SERVER_PORT is server.port, SIGHTLINE_RECOGNITION_QUEUE_LIMIT is
 * recognition.queueLimit. Text options are taken literally; everything else is parsed as YAML, so that
 * SIGHTLINE_CAMERAS='[rtsp://one/, rtsp://two/]' works.
 */
function environmentOptions(environment: Readonly<Record<string, string | undefined>>): {
  options: Record<string, unknown>;
  problems: string[];
} {
  const leaves = new Map(schemaLeaves().map((leaf) => [variableName(leaf.path), leaf]));
  const options: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(prefix) || value === undefined) continue;
    const leaf = leaves.get(name);
    if (leaf === undefined) {
      problems.push(`${name}: no such variable${closest(name, [...leaves.keys()])}`);
      continue;
    }
    try {
      setPath(options, leaf.path, leaf.isText ? value : readYaml(value));
    } catch (error) {
      problems.push(`${name}: expected YAML, but ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { options, problems };
}

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
}

function schemaLeaves(): Leaf[] {
  const walk = (schema: JsonSchema, path: readonly string[]): Leaf[] => {
    if (schema.properties === undefined) {
      const variants = schema.anyOf ?? [schema];
      return [{ path, isText: variants.every(({ type }) => type === 'string' || type === 'null') }];
    }
    return Object.entries(schema.properties).flatMap(([key, child]) => walk(child, [...path, key]));
  };
  return walk(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, []);
}

function variableName(path: readonly string[]): string {
  return (
    prefix + path.map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join('_')
  );
}

function setPath(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let node = target;
  for (const key of path.slice(0, -1)) {
    node[key] ??= {};
    node = node[key] as Record<string, unknown>;
  }
  node[path.at(-1) ?? ''] = value;
}

/**
 * Parses YAML.
 * @throws Error that says where the text is wrong but never repeats it, because it may contain passwords
 */
function readYaml(text: string): unknown {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new Error(error.message.split(/:?\n/)[0]);
  return document.toJS();
}
