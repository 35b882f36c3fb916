/** An answer of AWS that says no. */
export class AwsError extends Error {
  readonly status: number;
  /** As it stands on the wire: the SDK's name of it ends in `Exception` at times. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
