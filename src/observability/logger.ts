import { pino, type DestinationStream, type LevelWithSilent, type Logger } from 'pino';

export type { Logger } from 'pino';

type LogLevel = LevelWithSilent;

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Takes credentials out of a text; applied to every string that is logged. */
  readonly redact: (text: string) => string;
  /** Standard error unless given. */
  readonly destination?: DestinationStream;
}

/** A logger of JSON lines on standard error. No string reaches a line without passing `redact`. */
export function createLogger({ level, redact, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: redactLine(redact) },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

/** Redacts the strings of a line one by one, so that a redaction can never break the JSON around them. */
function redactLine(redact: (text: string) => string): (line: string) => string {
  return (line) => {
    const redacted = JSON.stringify(JSON.parse(line), (_key, value: unknown) =>
      typeof value === 'string' ? redact(value) : value,
    );
    return `${redacted}\n`;
  };
}
