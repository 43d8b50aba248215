import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomStream } from '#generators';
import { Blocks, Memory } from '../../../generators/behaviours/memory.js';

const CAP = 60;

test('memories that share blocks keep what each was told, whatever the others grow to', () => {
  const step = fc.record({
    which: fc.nat({ max: 5 }),
    domain: fc.integer({ min: -50, max: 0x7fffffff }),
    contact: fc.nat(),
    thin: fc.boolean(),
    times: fc.nat({ max: 40 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer(), (steps, seed) => {
      const blocks = new Blocks();
      const memories = Array.from({ length: 6 }, () => new Memory(blocks, CAP));
      const plain = memories.map(() => [] as [number, number][]);
      const own = randomStream(seed, 'memory');
      const naive = randomStream(seed, 'memory');
      for (const { which, domain, contact, thin, times } of steps) {
        const memory = memories[which] as Memory;
        let pairs = plain[which] as [number, number][];
        for (let k = 0; k < times; k++) {
          memory.add(own, domain, contact + k);
          const slot = pairs.length < CAP ? pairs.length : naive.int(pairs.length);
          pairs[slot] = [domain, contact + k];
        }
        if (thin && times < 4) {
          memory.thin(own, 0.5);
          pairs = pairs.filter(() => naive.chance(0.5));
          plain[which] = pairs;
        }
      }
      memories.forEach((memory, i) => {
        const pairs = plain[i] ?? [];
        const held = Array.from({ length: memory.count }, (_, slot) => [
          memory.domainAt(slot),
          memory.contactAt(slot),
        ]);
        // 32 bits a number.
        expect(held).toEqual(pairs.map(([domain, contact]) => [domain, contact | 0]));
        for (const [domain] of pairs) expect(memory.holds(domain)).toBe(true);
        expect(memory.holds(-51)).toBe(false);
      });
    }),
  );
});
