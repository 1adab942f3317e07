import { together } from './together.ts';

together('security');
