import { readFile } from 'node:fs/promises';
import { SightlineError } from '../core/errors.js';
import { environmentOptions } from './environment.js';
import { describeIssues } from './describe-issue.js';
import { completeCamera } from './camera.js';
import { readYaml } from './read-yaml.js';
import { configSchema, type Config } from './schema.js';

export interface ConfigSources {
  /** Path of a YAML file. */
  readonly file?: string | undefined;
  /** Variables named SIGHTLINE_*; others are ignored. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Options of the command line, nested as in the schema. */
  readonly commandLine?: Readonly<Record<string, unknown>>;
}

/**
 * The configuration: defaults < YAML file < environment < command line.
 * Every problem is reported at once, each with its path; unknown keys are problems.
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
  const cameras = statedCameras.map((camera) => completeCamera(camera, parsed.data.detector));
  return { ...parsed.data, statedCameras, cameras };
}

async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  let document: unknown;
  try {
    document = readYaml(await readFile(path, 'utf8')) ?? {};
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SightlineError('CONFIG_UNREADABLE', `Expected a YAML file at ${path}: ${reason}`, {
      cause: error,
    });
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
      : [`cameras[${index}].id: expected an id of its own, but "${id}" is taken by another camera`],
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
