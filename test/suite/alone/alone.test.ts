import { apart } from '../together.ts';

// They wait more than they work.
apart('alone', 4);
