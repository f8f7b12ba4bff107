/** One line of a Dockerfile, its continuations joined. */
export interface Instruction {
  /** In capitals: `COPY`, `RUN`, … */
  name: string;
  /** `--from=build` is `{ from: 'build' }`. */
  flags: Record<string, string>;
  /** What follows the flags, as written. */
  rest: string;
}

/** What one FROM begins. */
export interface Stage {
  name: string;
  /** An image, or the name of an earlier stage. */
  base: string;
  instructions: Instruction[];
}

/**
 * Reads as much of the format as this project writes.
 *
 * @throws Error for an instruction before the first FROM
 * @see https://docs.docker.com/reference/dockerfile/
 */
export function parseDockerfile(text: string): Stage[] {
  const stages: Stage[] = [];
  for (const instruction of readInstructions(text)) {
    if (instruction.name === 'FROM') {
      const [base = '', , name = `stage ${stages.length}`] = words(instruction.rest);
      stages.push({ name, base, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (!stage) throw new Error(`${instruction.name} stands before the first FROM`);
    stage.instructions.push(instruction);
  }
  return stages;
}

function readInstructions(text: string): Instruction[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map(readInstruction);
}

function readInstruction(line: string): Instruction {
  const [, name = '', flagText = '', rest = ''] = /^(\w+)((?:\s+--\S+)*)\s*(.*)$/s.exec(line) ?? [];
  return {
    name: name.toUpperCase(),
    flags: readAssignments(flagText.replaceAll(/\s--/g, ' ')),
    rest: rest.trim(),
  };
}

/** @returns the words of a line that quotes nothing */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** `A=1 B=2`, as ENV takes it. */
export function readAssignments(text: string): Record<string, string> {
  return Object.fromEntries(
    words(text).map((pair): [string, string] => {
      const [, name, value] = /^([\w-]+)=([^"'\\$]*)$/.exec(pair) ?? [];
      if (name === undefined || value === undefined)
        throw new Error(`not a plain assignment: ${pair}`);
      return [name, value];
    }),
  );
}

/**
 * The JSON form of CMD and HEALTHCHECK, which starts the program itself: a shell in between would
 * keep the signal that ends the container.
 */
export function readCommand(text: string): string[] {
  const command: unknown = JSON.parse(text);
  if (!Array.isArray(command) || !command.every((word) => typeof word === 'string')) {
    throw new Error(`not a list of words: ${text}`);
  }
  return command;
}
