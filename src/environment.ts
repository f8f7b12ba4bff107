/** The variables of a process, as it was given them. */
export type Environment = Record<string, string | undefined>;

/** Names the variable and what it accepts, never its value. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';

  constructor(variable: string, accepted: string) {
    super(`${variable} must be ${accepted}`);
  }
}

/** @returns undefined for what is empty, too */
export function value(env: Environment, variable: string): string | undefined {
  const text = env[variable]?.trim();
  return text === '' ? undefined : text;
}

/** @param what it's a number of */
export function readWhole(
  env: Environment,
  variable: string,
  what: string,
  max: number,
): number | undefined {
  const text = value(env, variable);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d{1,10}$/.test(text) || number < 1 || number > max) {
    throw new ConfigurationError(variable, `a number of ${what} from 1 to ${max}`);
  }
  return number;
}

/** @param protocols that it may begin with, such as `https:` */
export function readUrl(
  env: Environment,
  variable: string,
  protocols: string[],
): string | undefined {
  const text = value(env, variable);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !protocols.includes(url.protocol)) {
    const accepted = protocols.map((protocol) => `${protocol}//`).join(' or ');
    throw new ConfigurationError(variable, `a URL that begins with ${accepted}`);
  }
  return text;
}

export function readChoice<Choice extends string>(
  env: Environment,
  variable: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = value(env, variable);
  const chosen = choices.find((choice) => choice === text);
  if (text !== undefined && chosen === undefined) {
    throw new ConfigurationError(variable, `one of ${choices.join(', ')}`);
  }
  return chosen;
}
