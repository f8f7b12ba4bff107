/** The import can't begin or go on; the message is for the person who runs it. */
export class ImportError extends Error {
  override name = 'ImportError';

  /** @param exitCode 2: nothing was begun, since the command is wrong; 1: it stopped on the way */
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
  }
}
