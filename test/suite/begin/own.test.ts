import { apart } from '../together.ts';

apart('own', 1);
