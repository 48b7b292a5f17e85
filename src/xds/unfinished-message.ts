// Where the messages of a gRPC stream begin and end, and what the one that is not whole has come in: each is a byte of
// flags, its length in four, and as many bytes (gRPC over HTTP/2, "Length-Prefixed-Message").

const headBytes = 5;

export class UnfinishedMessage {
  // Of the head and of what it announces; a head that is not whole announces nothing yet.
  #headBytes = 0;
  #length = 0;
  #missing = 0;
  #pieces = 0;
  #bytes = 0;

  /** True between two messages. */
  get isWhole(): boolean {
    return this.#pieces === 0;
  }

  /** In how many pieces the message has come so far. */
  get pieces(): number {
    return this.#pieces;
  }

  /** How much of it these pieces were. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes what came next on the stream. */
  add(piece: Buffer): void {
    if (this.isWhole && piece.length >= headBytes && piece.readUInt32BE(1) === piece.length - headBytes) return;
    let at = 0;
    this.#pieces += 1;
    while (at < piece.length) {
      const taken = this.#missing > 0 ? this.#takeContent(piece, at) : this.#takeHead(piece, at);
      at += taken;
      this.#bytes += taken;
      if (this.#headBytes === headBytes && this.#missing === 0) this.#begin(at < piece.length);
    }
  }

  #takeContent(piece: Buffer, at: number): number {
    const taken = Math.min(this.#missing, piece.length - at);
    this.#missing -= taken;
    return taken;
  }

  #takeHead(piece: Buffer, at: number): number {
    this.#headBytes += 1;
    // The first byte is the flags.
    this.#length = this.#headBytes === 1 ? 0 : this.#length * 256 + (piece[at] ?? 0);
    if (this.#headBytes === headBytes) this.#missing = this.#length;
    return 1;
  }

  #begin(isInThisPiece: boolean): void {
    this.#headBytes = 0;
    this.#bytes = 0;
    this.#pieces = isInThisPiece ? 1 : 0;
  }
}
