import { together } from './together.ts';

together('browser');
