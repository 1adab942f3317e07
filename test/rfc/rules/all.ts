/** The cases that the pure rules decide. */
import type { Case } from '../cases/form.ts';
import { conditionalCases } from './conditional.ts';
import { freshenCases } from './freshen.ts';
import { invalidationCases } from './invalidation.ts';
import { lifetimeCases } from './lifetime.ts';
import { rangeCases } from './range.ts';
import { reuseCases } from './reuse.ts';
import { storedFieldsCases } from './stored-fields.ts';
import { storingCases } from './storing.ts';
import { targetedCases } from './targeted.ts';
import { validationCases } from './validation.ts';
import { varyCases } from './vary.ts';

export const ruleCases: readonly Case[] = [
  ...storingCases,
  ...lifetimeCases,
  ...reuseCases,
  ...varyCases,
  ...storedFieldsCases,
  ...conditionalCases,
  ...validationCases,
  ...freshenCases,
  ...rangeCases,
  ...invalidationCases,
  ...targetedCases,
];
