import * as z from 'zod';
import { latestEpochSeconds } from '../time.ts';

/** A moment in epoch seconds that can be shown as a date. */
export const momentSchema = z.int().min(0).max(latestEpochSeconds);
