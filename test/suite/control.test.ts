import { together } from './together.ts';

together('control');
