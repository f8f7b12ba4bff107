/** From the worst to what only those who look for a fault want. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
/** For people, or for programs that collect logs: an object a line. */
export const LOG_FORMATS = ['text', 'json'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** How the log is written, on standard output. */
export interface LogOptions {
  format: (typeof LOG_FORMATS)[number];
  /** What is worse is written, too. */
  level: LogLevel;
}
