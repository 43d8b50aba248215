import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { emptyResult, fixtureResult } from './fixture-result.js';

const schema = JSON.parse(
  readFileSync(new URL('../../harness/schema/result.schema.json', import.meta.url), 'utf8'),
);

test('the results that faces are tried on hold to the schema of results', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(
    schema,
  );
  for (const result of [fixtureResult, emptyResult]) {
    validate(result);
    expect(validate.errors).toBeNull();
  }
  expect(fixtureResult.rules).toHaveLength(41);
  expect(fixtureResult.techniques).toHaveLength(4);
});
