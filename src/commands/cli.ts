import { Command, CommanderError } from 'commander';
import { packageInfo } from '../app/package-info.js';
import { asSightlineError } from '../core/errors.js';

/** Adds the arguments, options and action of a command to it. */
type Definition = (command: Command) => void;

interface ListedCommand {
  readonly name: string;
  readonly description: string;
  /**
   * Imports the command. Only the one that is called is imported: together they load ONNX Runtime, the server and much
   * else, which takes longer than most commands run.
   */
  readonly load: () => Promise<Definition>;
}

const commands: readonly ListedCommand[] = [
  {
    name: 'run',
    description: 'Watch cameras: serve the live picture and identity events until Ctrl-C',
    load: async () => (await import('./run.js')).runCommand,
  },
  {
    name: 'demo',
    description: 'Show two cameras made from videos: one sees a person it knows, the other a stranger',
    load: async () => (await import('./demo.js')).demoCommand,
  },
  {
    name: 'enroll',
    description: 'Teach Sightline people from photos, one face on each',
    load: async () => (await import('./enroll.js')).enrollCommand,
  },
  {
    name: 'identify',
    description: 'Say who is on pictures: each face by its name in the gallery, or as unknown',
    load: async () => (await import('./identify.js')).identifyCommand,
  },
  {
    name: 'verify',
    description: 'Say whether two photos show one person; the exit code is 1 when they do not',
    load: async () => (await import('./verify.js')).verifyCommand,
  },
  {
    name: 'people',
    description: 'List, rename, merge and erase the people that Sightline knows, and their photos',
    load: async () => (await import('./people.js')).peopleCommand,
  },
  {
    name: 'unknown',
    description: 'List the people that cameras saw and nobody has named, and name or dismiss them',
    load: async () => (await import('./unknown.js')).unknownCommand,
  },
  {
    name: 'events',
    description: 'Show past events, the newest last',
    load: async () => (await import('./events.js')).eventsCommand,
  },
  {
    name: 'reject',
    description: 'Say that the face of an event is not the person it was taken for',
    load: async () => (await import('./reject.js')).rejectCommand,
  },
  {
    name: 'detect',
    description: 'Find the faces on pictures',
    load: async () => (await import('./detect.js')).detectCommand,
  },
  {
    name: 'evaluate',
    description: 'Measure how good detection and recognition are',
    load: async () => (await import('./evaluate.js')).evaluateCommand,
  },
  {
    name: 'train',
    description:
      "Train a head on one's own photos; it is switched on when it beats the plain distance on photos held out",
    load: async () => (await import('./train.js')).trainCommand,
  },
  {
    name: 'heads',
    description: 'List and switch off the heads that `sightline train` has switched on',
    load: async () => (await import('./heads.js')).headsCommand,
  },
  {
    name: 'models',
    description: 'List, fetch and verify the networks and media that Sightline works with',
    load: async () => (await import('./models.js')).modelsCommand,
  },
  {
    name: 'doctor',
    description: 'Check Node, ffmpeg, models, gallery, port and cameras, and say what is wrong',
    load: async () => (await import('./doctor.js')).doctorCommand,
  },
];

/**
 * Runs the command line and gives the exit code: 0 done, 1 failed, 2 used wrongly. Errors that a user can mend are
 * printed as what happened, their code, and what to do; only a defect prints a stack.
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  try {
    const program = await commandLine(argv);
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return report(error);
  }
}

async function commandLine(argv: readonly string[]): Promise<Command> {
  const { description, version } = packageInfo();
  const program = reportingErrors(new Command('sightline')).description(description).version(version);
  for (const listed of commands) {
    const command = reportingErrors(new Command(listed.name)).description(listed.description);
    // Wherever the name stands: `sightline help run` shows the options of `run` too.
    if (argv.includes(listed.name)) {
      const define = await listed.load();
      define(command);
      command.commands.forEach(reportingErrors);
    }
    program.addCommand(command);
  }
  return program;
}

/** Makes wrong use an error that is thrown, instead of the end of the process. */
function reportingErrors(command: Command): Command {
  return command.exitOverride().showHelpAfterError('(--help shows how to use it)');
}

const usedWrongly = [
  'CONFIG_INVALID',
  'CONFIG_UNREADABLE',
  'MODEL_NOT_FOUND',
  'USAGE',
  'CONFIRMATION_MISSING',
];

function report(error: unknown): number {
  const known = asSightlineError(error);
  process.stderr.write(`Error ${known.code}: ${known.message}\n${known.remedy}\n`);
  if (known.code === 'INTERNAL') process.stderr.write(`${known.stack ?? ''}\n`);
  return usedWrongly.includes(known.code) ? 2 : 1;
}
