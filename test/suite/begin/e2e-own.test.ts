import { together } from '../together.ts';

together('e2e-own');
