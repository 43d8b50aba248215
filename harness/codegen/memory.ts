/** Part of the build: what the built-in content holds, so that a start need not parse it. */
import { fileURLToPath } from 'node:url';
import { rememberContent } from '#content';
import { builtInContent } from '../package-root.js';

// Asked of the loader's own folder, which is where it looks.
const beside = import.meta.resolve('#content');
await rememberContent(builtInContent, fileURLToPath(new URL('./memory.txt', beside)));
