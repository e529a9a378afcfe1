/**
 * Seals and opens secrets that rest in a table row. `context` (the app_id) is bound into the
 * sealed text: opening it under another context fails.
 */
export interface Sealer {
  /** The sealed text, safe to store. */
  seal(plain: string, context: string): Promise<string>
}

/** The other half of {@link Sealer}; wired only to functions that may see the plain secret. */
export interface Opener {
  /** The plain secret; throws `AppError('SECRET_UNREADABLE')` for a wrong context or damaged text. */
  open(sealed: string, context: string): Promise<string>
}
