import { UsersAndEvents1763900000001 } from './1763900000001-users-and-events.js';
import { RecordEvents1763900000002 } from './1763900000002-record-events.js';
import { Rejections1763900000003 } from './1763900000003-rejections.js';
import { ResolveAndStore1764000000001 } from './1764000000001-resolve-and-store.js';
import { Rollups1764100000001 } from './1764100000001-rollups.js';
import { Identity1764200000001 } from './1764200000001-identity.js';
import { Nobody1764300000001 } from './1764300000001-nobody.js';
import { Access1764400000001 } from './1764400000001-access.js';
import { SourceHorizons1764500000001 } from './1764500000001-source-horizons.js';
import { Privacy1764600000001 } from './1764600000001-privacy.js';
import { DeltaTimes1764700000001 } from './1764700000001-delta-times.js';

/** In the order in which they run. */
export const migrations = [
  UsersAndEvents1763900000001,
  RecordEvents1763900000002,
  Rejections1763900000003,
  ResolveAndStore1764000000001,
  Rollups1764100000001,
  Identity1764200000001,
  Nobody1764300000001,
  Access1764400000001,
  SourceHorizons1764500000001,
  Privacy1764600000001,
  DeltaTimes1764700000001,
];
