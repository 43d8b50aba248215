import { readFile } from 'node:fs/promises';
import wabt from 'wabt';

/** The TypeScript text that holds a module of WebAssembly, from its source. Throws on a fault in it, with its line. */
export async function generateBinary(path: string, name: string): Promise<string> {
  const { parseWat } = await wabt();
  const module = parseWat(path, await readFile(path, 'utf8'), { simd: true });
  try {
    module.validate();
    const text = Buffer.from(module.toBinary({}).buffer).toString('base64');
    return `/* Generated from ${path.slice(path.lastIndexOf('/') + 1)} by \`npm run generate\`. Do not edit. */\nexport const ${name} =\n  '${text}';\n`;
  } finally {
    module.destroy();
  }
}
