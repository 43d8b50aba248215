import { isModelReading } from './environment.js';
import { fault, type Reading } from './faults.js';
import { functionEntry } from './functions.js';
import type { TypedNode } from './tree.js';
import { children, walk } from './walk.js';

/** What well-typed expressions may not do all the same. */

/**
 * A session function's arguments are counted at events that other rules and no model look at, so
 * they may use only what every event has.
 */
export function checkSessionArguments(reading: Reading, tree: TypedNode): void {
  walk(tree, (call) => {
    if (call.node !== 'call' || functionEntry(call.function).kind !== 'session') return;
    const bound = new Set<string>();
    for (const arg of call.args) {
      walk(arg, (part) => {
        if (part.node === 'each') bound.add(part.local);
      });
    }
    const refuse = (part: TypedNode, what: string) =>
      fault(
        reading,
        'session-argument',
        `${what} cannot be used inside \`${call.function}\``,
        part.range,
        'its argument is evaluated at every event of the session, before models and rules',
      );
    for (const arg of call.args) {
      walk(arg, (part) => {
        if (part.node === 'call') {
          const { kind } = functionEntry(part.function);
          if (kind === 'session' || part.function === 'observations') {
            refuse(part, `\`${part.function}\``);
          }
        } else if (part.node === 'variable' && isModelReading(part.name)) {
          refuse(part, `\`${part.name}\``);
        } else if (part.node === 'local' && !bound.has(part.name)) {
          refuse(part, `\`${part.name}\` of a surrounding list`);
        }
      });
    }
  });
}

/** Whether the list's length is bounded by the source, whatever the event. */
function isBounded(list: TypedNode): boolean {
  switch (list.node) {
    case 'list':
      return true;
    case 'each':
      return isBounded(list.list);
    case 'binary':
      return isBounded(list.left) && isBounded(list.right);
    case 'choose':
      return isBounded(list.yes) && isBounded(list.no);
    default:
      return false;
  }
}

const isList = (node: TypedNode) => !['text', 'number', 'flag'].includes(node.type);

/** The parts of a node whose lists it goes through from end to end. */
function listsGoneThrough(node: TypedNode): readonly TypedNode[] {
  if (node.node === 'each') return [node.list];
  if (node.node === 'binary') return [node.left, node.right].filter(isList);
  if (node.node === 'call' && node.function !== 'size') return node.args.filter(isList);
  return [];
}

/**
 * A sender can put thousands of addresses into one mail, so work that grows with the square of a
 * list is refused: inside a macro, lists of the event are not gone through again.
 */
export function checkNestedLists(reading: Reading, tree: TypedNode): void {
  const visit = (node: TypedNode, macros: number) => {
    if (macros > 0 && listsGoneThrough(node).some((list) => !isBounded(list))) {
      fault(
        reading,
        'nested-list',
        'this goes through a list of the event once for every entry of another list',
        node.range,
        'inside exists, all, filter and map use lists that are written out, or a context table',
      );
      return;
    }
    if (node.node !== 'each') {
      for (const child of children(node)) visit(child, macros);
      return;
    }
    if (macros > 1) {
      fault(reading, 'nested-list', 'lists are nested more than two deep', node.range);
      return;
    }
    visit(node.list, macros);
    visit(node.body, macros + 1);
  };
  visit(tree, 0);
}
