/** What a test can make the sandbox do wrong. Every field can be set, changed and unset while it runs. */
export interface SandboxFaults {
  /** Every key is refused. */
  refuseKeys?: boolean | undefined;
  /** Refs whose full name matches are declined; the others of the same push are updated. */
  declineRefs?: RegExp | undefined;
  /** The TCP connection is destroyed when so many bytes have come from the client after it authenticated. */
  dropAfterBytes?: number | undefined;
  /** The same for bytes on their way to the client: an answer that breaks off. */
  dropAfterBytesSent?: number | undefined;
  /** A new connection is accepted by TCP and closed at once: a server that is down or sheds load. */
  refuseConnections?: boolean | undefined;
  /** Each direction is delayed by so many milliseconds (one way). */
  latencyMs?: number | undefined;
  /** The first session of a connection is served, every later one refused, whether or not the first is over. */
  refuseSecondSession?: boolean | undefined;
  /** What git-lfs-authenticate answers with (href, header): an LFS server; without it there is no such command. */
  lfs?: { readonly href: string; readonly header: Readonly<Record<string, string>> } | undefined;
  /** A new connection is accepted by TCP and never hears anything. */
  silentBanner?: boolean | undefined;
  /** Runs when a client asks for upload-pack, before it is started. */
  beforeUpload?: (() => Promise<void>) | undefined;
  /** Runs when a client asks for receive-pack, before it is started, so before refs are advertised. */
  beforeReceive?: (() => Promise<void>) | undefined;
  /**
   * Runs when the commands and objects of a push have arrived, before git updates the first ref: what it changes in
   * the repository is a race lost inside the push. A push that it makes through the sandbox runs it again.
   */
  afterAdvertise?: (() => Promise<void>) | undefined;
}
