import { together } from './together.ts';

together('rfc');
