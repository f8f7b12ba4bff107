/** The body of every answer that reports an error. */
export class ErrorDto {
  /** The HTTP status. */
  statusCode!: number;

  /**
   * A stable name for the reason.
   * @example "invalid_parameter"
   */
  code!: string;

  /** What is accepted instead, or when to try again. */
  message!: string;
}
