import { main } from './bin.ts';

void main();
