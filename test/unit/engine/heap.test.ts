import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeHeap } from '../../../engine/heap.js';

describe('a heap of times', () => {
  it('gives things by time and then by number, whatever was put in, delayed and taken out', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ push: fc.integer({ min: 0, max: 20 }) }) },
      { weight: 1, arbitrary: fc.record({ delay: fc.integer({ min: 0, max: 20 }) }) },
      { weight: 2, arbitrary: fc.constant('pop' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new TimeHeap<number>();
        let model: { time: number; number: number }[] = [];
        const first = () => {
          model.sort((a, b) => a.time - b.time || a.number - b.number);
          return model[0];
        };
        for (const [number, one] of steps.entries()) {
          const next = first();
          expect(heap.time).toBe(next?.time ?? Number.POSITIVE_INFINITY);
          expect(heap.first).toBe(next?.number);
          if (one === 'pop') {
            expect(heap.pop()).toBe(next?.number);
            model = model.slice(1);
          } else if ('push' in one) {
            heap.push(one.push, number, number);
            model.push({ time: one.push, number });
          } else if (next !== undefined) {
            next.time += one.delay;
            heap.delay(next.time);
          }
          expect(heap.size).toBe(model.length);
        }
        expect([...heap.all()].sort()).toEqual(model.map(({ number }) => number).sort());
      }),
    );
  });
});
