/** Bytes on their way from one stream into the next, by events: a generator between two costs promises for every chunk. */
import { Readable } from 'node:stream'
import { AppError } from './errors.ts'

/** Sockets give TLS records of 16 kB; four at once cost one system call of the receiving socket instead of four. */
export const PIECE_BYTES = 64 * 1_024

/** What is done with bytes that pass. What a function throws ends the stream with that error. */
export interface PassingRules {
  /** Goes before the bytes. */
  head?: Uint8Array
  /**
   * Bytes; what comes in smaller chunks is joined, and a piece leaves when the next one has begun, so that the last one
   * waits for `end`. Without it every chunk leaves as it comes.
   */
  pieces?: number
  /** Is told how many bytes have come, with every chunk, before anything that was held back leaves. */
  arrive?(total: number): void
  /** Sees every piece before it leaves. */
  look?(piece: Uint8Array): void
  /** Is called when the source has ended well, with the number of its bytes; answers what goes behind them. */
  end?(total: number): Uint8Array | undefined
  /** What a failure of the source becomes. */
  failure?(cause: unknown): unknown
}

/**
 * The bytes of `source`, which is destroyed with this stream. Only what is wrong with the bytes is its 'error': whoever
 * destroys it with an error of his own is not told that one again.
 */
export class Passing extends Readable {
  readonly #rules: PassingRules
  #source: Readable | undefined
  #head: Uint8Array | undefined
  #held: Uint8Array[] = []
  #heldBytes = 0
  #total = 0
  #isWanted = false
  #isOver = false
  #failed = false

  constructor(source: Readable | Promise<Readable>, rules: PassingRules = {}) {
    super()
    // A failure that nobody reads is no crash: whoever reads gets it all the same.
    this.on('error', () => undefined)
    this.#rules = rules
    this.#head = rules.head
    if (source instanceof Readable) this.#attach(source)
    else {
      source.then(
        opened => this.#attach(opened),
        cause => this.#fail(cause),
      )
    }
  }

  override _read(): void {
    const source = this.#source
    this.#isWanted = source === undefined
    if (!source) return
    const head = this.#head
    this.#head = undefined
    if (head) this.push(head)
    else if (source.readableEnded) this.#attempt(() => this.#end())
    else source.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#held = []
    this.#source?.destroy()
    done(this.#failed ? error : null)
  }

  #attach(source: Readable): void {
    this.#source = source
    const lost = () => source.errored ?? new Error('the stream closed early')
    source.pause()
    source
      .on('data', (chunk: unknown) => this.#attempt(() => this.#take(chunk)))
      .once('end', () => this.#attempt(() => this.#end()))
      .on('error', cause => this.#fail(cause))
      .once('close', () => this.#isOver || source.readableEnded || this.#fail(lost()))
    if (this.destroyed) source.destroy()
    else if (source.destroyed && !source.readableEnded) this.#fail(lost())
    else if (this.#isWanted) this._read()
  }

  #take(chunk: unknown): void {
    if (!(chunk instanceof Uint8Array)) {
      const cause = new TypeError('not bytes')
      throw new AppError('INTERNAL', 'Something went wrong inside the service.', {}, { cause })
    }
    this.#total += chunk.length
    this.#rules.arrive?.(this.#total)
    const { pieces } = this.#rules
    if (pieces !== undefined && this.#heldBytes >= pieces) this.#leave()
    if (chunk.length > 0) this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (pieces === undefined) this.#leave()
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    const last = this.#piece()
    const tail = this.#rules.end?.(this.#total)
    if (last) this.push(last)
    if (tail) this.push(tail)
    this.push(null)
  }

  #leave(): void {
    const piece = this.#piece()
    if (piece && !this.push(piece)) this.#source?.pause()
  }

  /** What is held, as one; seen. */
  #piece(): Uint8Array | undefined {
    const [first] = this.#held
    const piece = this.#held.length > 1 ? Buffer.concat(this.#held, this.#heldBytes) : first
    this.#held = []
    this.#heldBytes = 0
    if (piece) this.#rules.look?.(piece)
    return piece
  }

  #attempt(step: () => void): void {
    try {
      if (!this.destroyed) step()
    } catch (error) {
      this.#failed = true
      this.destroy(asError(error))
    }
  }

  #fail(cause: unknown): void {
    if (this.destroyed) return
    this.#failed = true
    this.destroy(asError(this.#rules.failure ? this.#rules.failure(cause) : cause))
  }
}

const asError = (value: unknown): Error => (value instanceof Error ? value : new Error(String(value)))
