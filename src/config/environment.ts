import { z } from 'zod';
import { closest } from './describe-issue.js';
import { readYaml } from './read-yaml.js';
import { configSchema } from './schema.js';

const prefix = 'SIGHTLINE_';

interface Leaf {
  readonly path: readonly string[];
  readonly isText: boolean;
}

/**
 * Options set by environment variables: SIGHTLINE_SERVER_PORT is server.port, SIGHTLINE_RECOGNITION_QUEUE_LIMIT is
 * recognition.queueLimit. Text is taken as it stands; everything else is read as YAML, so that
 * SIGHTLINE_CAMERAS='[rtsp://one/, rtsp://two/]' works.
 */
export function environmentOptions(environment: Readonly<Record<string, string | undefined>>): {
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

/** Every variable of this program, for programs that it starts. */
export function inheritedEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
