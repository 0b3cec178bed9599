import { pino, type DestinationStream, type LevelWithSilent, type Logger } from 'pino';
import { build as pretty } from 'pino-pretty';

export type { Logger } from 'pino';

type LogLevel = LevelWithSilent;

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Removes credentials from a string; applied to every string that is logged. */
  readonly redact: (text: string) => string;
  /** Default: standard error, in colours and one line a message if it is a terminal. */
  readonly destination?: DestinationStream;
}

/** Creates a logger that writes JSON lines, or readable ones to a terminal. Every string in a line has passed through `redact`. */
export function createLogger({ level, redact, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: redactLine(redact) },
    },
    destination ?? standardError(),
  );
}

function standardError(): DestinationStream {
  if (!process.stderr.isTTY) return pino.destination({ dest: 2, sync: true });
  return pretty({
    destination: 2,
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
  });
}

/** Redacts the strings of a line one by one, so that a redaction cannot break the JSON around them. */
function redactLine(redact: (text: string) => string): (line: string) => string {
  return (line) => {
    const redacted = JSON.stringify(JSON.parse(line), (_key, value: unknown) =>
      typeof value === 'string' ? redact(value) : value,
    );
    return `${redacted}\n`;
  };
}
