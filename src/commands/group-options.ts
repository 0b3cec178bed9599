import { Option, type Command } from 'commander';

/**
 * Lets the options of a group's sub-commands stand before the sub-command, too: `people -c FILE erase Zoe` as well as
 * `people erase Zoe -c FILE`. One that the sub-command does not have is refused.
 */
export function acceptOptionsFirst(group: Command): Command {
  for (const option of group.commands.flatMap(({ options }) => options)) {
    if (group.options.some(({ flags }) => flags === option.flags)) continue;
    const copy = new Option(option.flags).hideHelp();
    if (option.parseArg) copy.parseArg = option.parseArg;
    group.addOption(copy);
  }
  return group.hook('preSubcommand', (_, subcommand) => {
    for (const option of group.options) {
      const name = option.attributeName();
      if (group.getOptionValueSource(name) !== 'cli') continue;
      if (!subcommand.options.some(({ flags }) => flags === option.flags))
        group.error(`error: unknown option '${option.flags}' for ${subcommand.name()}`);
      subcommand.setOptionValueWithSource(name, group.getOptionValue(name), 'cli');
    }
  });
}
