/** The address can't be listened on; the message is for the person who starts the server. */
export class ListenError extends Error {
  override name = 'ListenError';
}

/** Names the variable that helps. */
export function explainListenError(error: unknown, host: string, port: number): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return new ListenError(
        `Port ${port} of ${host} is in use, perhaps by another copy of this server. ` +
          `Set PORT to a free one, such as PORT=${port === 8081 ? 8082 : 8081}, or to 0 for any.`,
      );
    case 'EACCES':
      return new ListenError(
        `Port ${port} is closed to this account. Set PORT to one from 1024 to 65535.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new ListenError(
        `HOST is no address of this machine. Set HOST to one that is, such as 127.0.0.1, or to 0.0.0.0 for all.`,
      );
    default:
      return error instanceof Error ? error : new Error(String(error));
  }
}
