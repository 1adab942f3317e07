import { together } from '../together.ts';

together('scripts');
