/** The command can't begin or go on; the message is for the person who runs it. */
export class RollupsError extends Error {
  override name = 'RollupsError';

  /** @param exitCode 2: nothing was begun, since the command is wrong; 1: it stopped on the way */
  constructor(
    message: string,
    readonly exitCode: 1 | 2,
  ) {
    super(message);
  }
}
