import { Query, type ClientBase, type Connection } from 'pg';

const COPY_DATA = 0x64;
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);
const LENGTH_BYTES = 4;

/**
 * COPY ... FROM STDIN that sends its data along with the statement, rather than after the server's
 * consent: one round trip less, in which a busy event loop would let the server wait. What a server
 * gets that has refused the statement it leaves out of account
 * (https://www.postgresql.org/docs/current/protocol-flow.html, COPY Operations).
 */
class CopyIn extends Query {
  constructor(
    private readonly statement: string,
    private readonly data: Buffer,
    callback: (error: Error | null) => void,
  ) {
    super(statement, callback as never);
  }

  override submit = (connection: Connection): void => {
    const header = Buffer.alloc(1 + LENGTH_BYTES, COPY_DATA);
    header.writeUInt32BE(LENGTH_BYTES + this.data.length, 1);
    connection.stream.cork();
    connection.query(this.statement);
    connection.stream.write(header);
    connection.stream.write(this.data);
    connection.stream.write(COPY_DONE);
    connection.stream.uncork();
  };

  /** The data is on its way already. */
  handleCopyInResponse(): void {}
}

/** @param data in the format that the statement names; resolves after the commit */
export async function copyIn(client: ClientBase, statement: string, data: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.query(new CopyIn(statement, data, (error) => (error ? reject(error) : resolve())));
  });
}
