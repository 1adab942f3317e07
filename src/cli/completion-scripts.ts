/** The scripts that complete commands in bash, zsh and fish. */

/** What an option or argument takes; a list: one of these words. */
export type Takes = 'nothing' | 'text' | 'file' | readonly string[];

type CompletedOption = { readonly flags: readonly string[]; readonly says: string; readonly takes: Takes };

/** A command as a shell completes it; `path` is empty for the program, `follow redis` for a command of a command. */
export type Completed = {
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly says: string }[];
  readonly options: readonly CompletedOption[];
  readonly takes: Takes;
};

/** For bash. Where no word fits, readline offers files. */
export function bashScript(name: string, completed: readonly Completed[]): string {
  const paths = completed.map(({ path }) => path).filter((path) => path !== '');
  const values = completed.flatMap(({ path, options }) =>
    options.flatMap(({ flags, takes }) => {
      if (takes === 'nothing') return [];
      const patterns = flags.map((flag) => `"${`${path} ${flag}`.trim()}"`).join('|');
      return [`    ${patterns}) words=${quoted(wordsOf(takes))} ;;`];
    }),
  );
  // The longest path first: `follow` begins `follow redis` too.
  const words = completed
    .toReversed()
    .flatMap(({ path, commands, options, takes }) => [
      `    "${path} -"*) words=${quoted(options.flatMap(({ flags }) => flags).join(' '))} ;;`,
      `    "${path} "*) words=${quoted(commands.length > 0 ? commands.map((one) => one.name).join(' ') : wordsOf(takes))} ;;`,
    ]);
  return `_${name}() {
  local i path= words= cur=\${COMP_WORDS[COMP_CWORD]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${path:+$path }\${COMP_WORDS[i]}" in
    ${paths.map((path) => `"${path}"`).join('|')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "\${path:+$path }\${COMP_WORDS[COMP_CWORD-1]}" in
${values.join('\n')}
    *) case "$path $cur" in
${words.join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _${name} ${name}`;
}

/** For zsh, which runs the completions of bash. */
export const zshScript = (name: string, completed: readonly Completed[]): string =>
  `autoload -Uz compinit bashcompinit && compinit && bashcompinit\n${bashScript(name, completed)}`;

/** For fish. */
export function fishScript(name: string, completed: readonly Completed[]): string {
  const lines = completed.flatMap(({ path, commands, options, takes }) => {
    const when = quoted(fishCondition(path, commands));
    return [
      ...commands.map((one) => `complete -c ${name} -f -n ${when} -a ${one.name} -d ${quoted(one.says)}`),
      ...options.map((one) => `complete -c ${name} -n ${when} ${fishOption(one)}`),
      ...(typeof takes === 'string'
        ? []
        : [`complete -c ${name} -f -n ${when} -a ${quoted(takes.join(' '))}`]),
    ];
  });
  return lines.join('\n');
}

function fishCondition(path: string, commands: Completed['commands']): string {
  const seen = path.split(' ').filter((word) => word !== '');
  const conditions = seen.map((word) => `__fish_seen_subcommand_from ${word}`);
  const below = commands.map((one) => one.name).join(' ');
  if (below !== '') conditions.push(`not __fish_seen_subcommand_from ${below}`);
  return conditions.join('; and ');
}

function fishOption({ flags, says, takes }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = takes === 'nothing' ? '' : takes === 'file' ? ' -rF' : ` -xa ${quoted(wordsOf(takes))}`;
  return `${names.join(' ')}${value} -d ${quoted(says)}`;
}

const wordsOf = (takes: Takes): string => (typeof takes === 'string' ? '' : takes.join(' '));

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
