/** Faults that a test can inject. Every field can be changed while the sandbox runs. */
export interface SandboxFaults {
  /** Every key is refused. */
  refuseKeys?: boolean | undefined;
  /** Refs whose full name matches are declined; the others of the same push are updated. */
  declineRefs?: RegExp | undefined;
  /** The TCP connection is destroyed after this many bytes from the client, counted from its authentication. */
  dropAfterBytes?: number | undefined;
  /** The same for bytes to the client: an interrupted answer. */
  dropAfterBytesSent?: number | undefined;
  /** New connections are accepted by TCP and closed immediately, as by an overloaded server. */
  refuseConnections?: boolean | undefined;
  /** The delay of each direction in milliseconds. */
  latencyMs?: number | undefined;
  /** Only the first session of a connection is served; later ones are refused, even after its end. */
  refuseSecondSession?: boolean | undefined;
  /** The answer of git-lfs-authenticate (href, header): an LFS server. Without it, the command does not exist. */
  lfs?: { readonly href: string; readonly header: Readonly<Record<string, string>> } | undefined;
  /** New connections are accepted by TCP and get no answer. */
  silentBanner?: boolean | undefined;
  /** Runs when a client asks for upload-pack, before it is started. */
  beforeUpload?: (() => Promise<void>) | undefined;
  /** Runs when a client asks for receive-pack, before it is started, so before refs are advertised. */
  beforeAdvertise?: (() => Promise<void>) | undefined;
  /** Runs when the first command of a push has arrived, before receive-pack reads it: after refs were advertised. */
  beforeReceive?: (() => Promise<void>) | undefined;
  /**
   * Runs after the commands and objects of a push have arrived, before git updates the first ref: its changes in the
   * repository simulate a race inside the push. It runs again for a push that it makes through the sandbox.
   */
  afterAdvertise?: (() => Promise<void>) | undefined;
}
