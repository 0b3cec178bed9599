import { Option, type Command } from 'commander';
import { loadConfig } from '../config/load-config.js';
import type { Config } from '../config/schema.js';

/** Options that several commands share, as commander gives them. */
export interface SharedOptions {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number | string;
  readonly data?: string;
  readonly embedder?: string;
  readonly modelsDir?: string;
  readonly logLevel?: string;
}

const shared = {
  config: () => new Option('-c, --config <file>', 'YAML file with options; docs/configuration.md lists them'),
  host: () => new Option('--host <address>', 'address to listen on (default: 127.0.0.1)'),
  port: () => new Option('--port <number>', 'port to listen on (default: 8420)').argParser(numberOrText),
  data: () => new Option('--data <dir>', 'folder of the gallery (default: .sightline)'),
  embedder: () =>
    new Option('--embedder <name>', 'what tells faces apart (default: mobilefacenet+fr-feature)'),
  modelsDir: () =>
    new Option('--models-dir <dir>', 'folder of fetched models (docs/configuration.md: models.dir)'),
  logLevel: () =>
    new Option('--log-level <level>', 'fatal, error, warn, info, debug or trace (default: info)'),
};

/** What is no number is left for the schema to refuse, with what was typed. */
export function numberOrText(text: string): number | string {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

/** Adds shared options to a command. */
export function withOptions(command: Command, names: readonly (keyof typeof shared)[]): Command {
  for (const name of names) command.addOption(shared[name]());
  return command;
}

/** The configuration with the shared options, and what else the command sets, on top. */
export function configFrom(
  options: SharedOptions,
  rest: Readonly<Record<string, unknown>> = {},
): Promise<Config> {
  return loadConfig({
    file: options.config,
    commandLine: {
      data: options.data,
      server: { host: options.host, port: options.port },
      recognition: { embedder: options.embedder },
      models: { dir: options.modelsDir },
      log: { level: options.logLevel },
      ...rest,
    },
  });
}
