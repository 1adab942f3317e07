import { apart } from '../together.ts';

apart('alone', 3);
