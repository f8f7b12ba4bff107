/** Values of one statement, bound in the order in which they are named. */
export class SqlParameters {
  readonly values: unknown[] = [];

  /** @returns how the statement calls the value, such as `$3::text[]` */
  bind(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}
