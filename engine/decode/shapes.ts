import type { FlatRecord } from './record.js';

/** Beyond these a record is not told by its shape: no product writes such records again and again. */
const maxKeys = 100;
const maxKeyLength = 64;
/** Nodes of the tree; one full of shapes that a hostile file made up is planted anew. */
const maxNodes = 20_000;

interface Node<T> {
  /** The first key seen behind this node, and what it leads to: most nodes have no other. */
  key: string | undefined;
  next: Node<T> | undefined;
  others: Map<string, Node<T>> | undefined;
  shape: T | undefined;
}

function newNode<T>(): Node<T> {
  return { key: undefined, next: undefined, others: undefined, shape: undefined };
}

/**
 * What is known of records with the same keys in the same order: a product writes few such shapes,
 * millions of times each.
 */
export class Shapes<T> {
  private root = newNode<T>();
  private nodes = 0;
  private readonly make: (keys: readonly string[]) => T;

  /** `make` is asked once for each shape, for as long as it is remembered. */
  constructor(make: (keys: readonly string[]) => T) {
    this.make = make;
  }

  /** Undefined for a record that is too odd to have a shape. */
  of(record: FlatRecord): T | undefined {
    let node = this.root;
    for (const key in record) {
      if (node.key === key) node = node.next as Node<T>;
      else {
        const other = this.step(node, key);
        if (other === undefined) return undefined;
        node = other;
      }
    }
    return node.shape ?? this.learn(node, record);
  }

  private step(node: Node<T>, key: string): Node<T> | undefined {
    const known = node.others?.get(key);
    if (known !== undefined) return known;
    if (key.length > maxKeyLength) return undefined;
    if (this.nodes >= maxNodes) {
      this.root = newNode();
      this.nodes = 0;
      return undefined;
    }
    this.nodes++;
    const made = newNode<T>();
    if (node.key === undefined) {
      node.key = key;
      node.next = made;
    } else {
      node.others ??= new Map();
      node.others.set(key, made);
    }
    return made;
  }

  private learn(node: Node<T>, record: FlatRecord): T | undefined {
    const keys = Object.keys(record);
    if (keys.length > maxKeys) return undefined;
    node.shape = this.make(keys);
    return node.shape;
  }
}
