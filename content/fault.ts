/** Where in a content file a fault lies: a path of keys, and for text values a range inside the text. */
export interface ContentPlace {
  /** Path relative to the content root, with `/`; for files of --context folders, their path as given. */
  readonly file: string;
  /** Keys and positions from the document's root to the value. */
  readonly path: readonly (string | number)[];
  /**
   * Offsets in the value's text (after YAML unfolding), for an expression. With an empty path,
   * offsets in the text of the file.
   */
  readonly range?: { readonly start: number; readonly end: number };
  /** The place is the key itself instead of its value. */
  readonly key?: boolean;
}

/** One fault of content: never thrown, always collected. */
export interface Diagnostic {
  /** Stable code such as `expression/type`; `leakdrill lint --explain CODE` tells about it. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly place: ContentPlace;
  /** "did you mean", already worded. */
  readonly hint?: string;
}
